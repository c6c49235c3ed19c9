"""The cascade study in one figure."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter

from ...visualization.figures import check_figure_path, write_figure
from .study import CascadeStudy
from .summary import (
    IOU_EDGES,
    IOU_MARKS,
    summarise_cascade,
    write_cascade_summary,
)

# Okabe and Ito's: told apart by colour-blind readers too.
_STAGE_COLOURS = ('#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00')
_MARKERS = 'os^Dv'
_UNITS = dict(
    objects='objects in the image', neighbours='neighbours of the object'
)


def draw_cascade_study(
    study: CascadeStudy,
    out: str | os.PathLike,
    by: str = 'objects',
    about: dict[str, Any] | None = None,
) -> list[dict[str, Any]]:
    """Write the figure and, beside it, its numbers as JSON and CSV.

    Args:
        study (CascadeStudy): Of :func:`study_cascade`.
        out (str | PathLike): ``.png``, ``.svg`` or ``.pdf``; the numbers get
            the same name with ``.json`` and ``.csv``.
        by (str): Of :func:`summarise_cascade`. Defaults to 'objects'.
        about (dict, optional): What else the JSON shall hold.

    Returns:
        list[dict]: The numbers.

    Raises:
        ValueError: If ``by`` or the ending is another, or no box was
            followed.
    """
    out = check_figure_path(out)
    rows = summarise_cascade(study, by)
    write_figure(plot_cascade_study(rows, study.thresholds, by), out)
    about = dict(
        about or {},
        by=by,
        images=len(study.image_objects),
        iou_edges=IOU_EDGES.tolist(),
    )
    write_cascade_summary(rows, out.with_suffix('.json'), **about)
    write_cascade_summary(rows, out.with_suffix('.csv'))
    return rows


def plot_cascade_study(
    rows: Sequence[dict[str, Any]],
    thresholds: Sequence[float],
    by: str = 'objects',
) -> Figure:
    """Above, IoU before and after each stage; below, the same by density.

    Above, one panel for each stage: the IoU of entering boxes (grey) and of
    the same boxes leaving it (coloured), both with the object that the box
    overlaps most when it enters. Dashed: from where the stage called boxes
    positive in training.

    Below, from left to right: median and quartiles of that IoU for proposals
    and after each stage; the share of boxes at or above four IoUs, for
    proposals (dashed) and after the last stage; the share of boxes that a
    stage moved to another object.

    Args:
        rows (Sequence[dict]): Of :func:`summarise_cascade`.
        thresholds (Sequence[float]): (S,), for the dashed lines.
        by (str): As for the rows. Defaults to 'objects'.

    Returns:
        Figure: Without a display and without pyplot's state.

    Raises:
        ValueError: If no box was followed.
    """
    if not rows[0]['boxes']:
        raise ValueError(
            'there must be proposals that overlap objects, but no box was '
            'followed. Give other images, a trained checkpoint, or a lower '
            'min_iou.'
        )
    stages = len(thresholds)
    figure = Figure(figsize=(12, 7.4), layout='constrained')
    figure.suptitle(
        f'{rows[0]["boxes"]:,} proposals that overlap one of '
        f'{rows[0]["objects"]:,} objects',
        fontsize='medium',
    )
    above, below = figure.subfigures(2, 1, height_ratios=(1, 1.15))
    row_of_stages = np.atleast_1d(above.subplots(1, stages, sharey=True))
    for axes, row, threshold in zip(row_of_stages, rows, thresholds):
        _plot_histograms(axes, row, threshold)
    row_of_stages[0].set_ylabel('share of boxes')
    # Room for the legends; the stages share the axis.
    row_of_stages[0].set_ylim(0, 1.35 * row_of_stages[0].get_ylim()[1])
    # Per group: its rows, one for each stage.
    groups = [
        rows[start : start + stages]
        for start in range(stages, len(rows), stages)
        if all(row['boxes'] for row in rows[start : start + stages])
    ]
    left, middle, right = below.subplots(1, 3)
    _plot_quartiles(left, groups, by)
    _plot_shares(middle, groups, by)
    _plot_moved(right, groups, by)
    for axes in (*row_of_stages, left, middle, right):
        axes.grid(alpha=0.3, lw=0.5)
        axes.spines[['top', 'right']].set_visible(False)
    return figure


def _plot_histograms(
    axes: Axes, row: dict[str, Any], threshold: float
) -> None:
    number = row['stage'] - 1
    colour = _STAGE_COLOURS[number % len(_STAGE_COLOURS)]
    for end, style in (
        ('entering', dict(fill=True, color='0.8')),
        ('leaving', dict(color=colour, lw=1.8)),
    ):
        share = np.array(row[f'{end}_histogram']) / row['boxes']
        label = f'{end}: mean {row[f"{end}_mean"]:.3f}'
        axes.stairs(share, IOU_EDGES, label=label, **style)
    axes.axvline(
        threshold,
        color='0.3',
        ls='--',
        lw=1,
        label=f'positive in training from {threshold:g}',
    )
    axes.set(
        title=f'stage {number + 1}', xlabel='IoU with the object', xlim=(0, 1)
    )
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.legend(frameon=False, fontsize='small', loc='upper left')


def _plot_quartiles(
    axes: Axes, groups: Sequence[Sequence[dict]], by: str
) -> None:
    """Lines over proposals, after stage 1, ...; one for each density."""
    colours = _shades('viridis', len(groups))
    for number, rows in enumerate(groups):
        ends = [(rows[0], 'entering')] + [(row, 'leaving') for row in rows]
        low, middle, high = (
            np.array([row[f'{end}_{q}'] for row, end in ends])
            for q in ('q25', 'q50', 'q75')
        )
        # Side by side, so that the bars stay legible.
        shift = 0.1 * (number - (len(groups) - 1) / 2)
        axes.errorbar(
            np.arange(len(ends)) + shift,
            middle,
            yerr=[middle - low, high - middle],
            color=colours[number],
            marker=_MARKERS[number % len(_MARKERS)],
            ms=4,
            capsize=2,
            lw=1.4,
            label=rows[0]['group'],
        )
    stages = len(groups[0]) if groups else 0
    names = ['proposals'] + [f'after {i + 1}' for i in range(stages)]
    axes.set_xticks(range(len(names)), names)
    axes.set(
        title='Median and quartiles',
        ylabel='IoU with the object',
        ylim=(0, 1),
        xlabel='stage',
    )
    _legend(axes, title=_UNITS[by])


def _plot_shares(
    axes: Axes, groups: Sequence[Sequence[dict]], by: str
) -> None:
    """Share of boxes from an IoU on; one colour for each IoU."""
    for number, (mark, colour) in enumerate(
        zip(IOU_MARKS, _shades('plasma', len(IOU_MARKS)))
    ):
        look = dict(color=colour, marker=_MARKERS[number], ms=4, lw=1.4)
        before = [rows[0][f'entering_from_{mark}'] for rows in groups]
        after = [rows[-1][f'leaving_from_{mark}'] for rows in groups]
        axes.plot(before, ls='--', mfc='none', **look)
        axes.plot(after, label=f'IoU ≥ {mark:g}', **look)
    handles, labels = axes.get_legend_handles_labels()
    for name, style in (('proposals', '--'), ('after the last stage', '-')):
        handles.append(Line2D([], [], color='0.3', ls=style))
        labels.append(name)
    _by_density(axes, groups, by)
    axes.set(title='Boxes of good overlap', ylim=(0, 1))
    _legend(axes, handles, labels, ncols=3)


def _plot_moved(axes: Axes, groups: Sequence[Sequence[dict]], by: str) -> None:
    """Share of boxes that changed their object; one colour per stage."""
    for stage in range(len(groups[0]) if groups else 0):
        axes.plot(
            [rows[stage]['moved'] for rows in groups],
            color=_STAGE_COLOURS[stage % len(_STAGE_COLOURS)],
            marker=_MARKERS[stage % len(_MARKERS)],
            ms=4,
            lw=1.4,
            label=f'stage {stage + 1}',
        )
    _by_density(axes, groups, by)
    axes.set_title('Boxes moved to another object')
    axes.set_ylim(bottom=0)
    _legend(axes)


def _by_density(axes: Axes, groups: Sequence[Sequence[dict]], by: str) -> None:
    # In two lines: those of neighbours would touch.
    names = [rows[0]['group'].replace(' to ', '\nto ') for rows in groups]
    axes.set_xticks(range(len(groups)), names)
    axes.set(xlabel=_UNITS[by], ylabel='share of boxes')
    axes.yaxis.set_major_formatter(PercentFormatter(1))


def _legend(axes: Axes, *handles: list, title: str = '', ncols: int = 4):
    axes.legend(
        *handles,
        title=title,
        title_fontsize='small',
        fontsize='small',
        frameon=False,
        ncols=ncols,
        columnspacing=1,
        loc='upper center',
        bbox_to_anchor=(0.5, -0.26),
    )


def _shades(name: str, count: int) -> np.ndarray:
    """Dark to light, without the palest end."""
    return colormaps[name](np.linspace(0, 0.85, max(count, 1)))
