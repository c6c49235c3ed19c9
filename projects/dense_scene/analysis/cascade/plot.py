"""The cascade study in one figure."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter

from ...visualization.figures import (
    check_figure_path,
    legend_below,
    tidy_axes,
    write_figure,
)
from ...visualization.palette import nth_color
from .report import IOU_EDGES, IOU_MARKS, summarize_cascade
from .study import CascadeStudy

_MARKERS = 'os^Dv'
_UNITS = dict(
    objects='objects in the image', neighbours='neighbors of the object'
)


def draw_cascade_study(
    study: CascadeStudy, out: str | os.PathLike, by: str = 'objects'
) -> Path:
    """Write :func:`plot_cascade_study` as ``.png``, ``.svg`` or ``.pdf``."""
    out = check_figure_path(out)
    return write_figure(plot_cascade_study(study, by), out)


def plot_cascade_study(study: CascadeStudy, by: str = 'objects') -> Figure:
    """Above, IoU before and after each stage; below, the same by density.

    Above, a panel for each stage: the IoU of boxes entering it (gray) and of
    the same boxes leaving it, both with the object that the box overlaps most
    when it enters. Dashed: from where the stage called boxes positive in
    training. Below: median and quartiles of that IoU; the share of boxes at
    or above four IoUs; the share that a stage moved to another object.

    ``by`` is that of :func:`summarize_cascade`. Without a box there is no
    figure but a ValueError.
    """
    rows, stages = summarize_cascade(study, by), len(study.thresholds)
    if not rows[0]['boxes']:
        what = 'there must be proposals that overlap objects'
        raise ValueError(f'{what}, but no box was followed. Lower min_iou.')
    figure = Figure(figsize=(12, 7.4), layout='constrained')
    title = '{boxes:,} proposals that overlap one of {objects:,} objects'
    figure.suptitle(title.format(**rows[0]), fontsize='medium')
    above, below = figure.subfigures(2, 1, height_ratios=(1, 1.15))
    [panels] = above.subplots(1, stages, sharey=True, squeeze=False)
    for axes, row, threshold in zip(panels, rows, study.thresholds):
        _plot_histograms(axes, row, threshold)
    # Room for the legends; the stages share the axis.
    top = 1.35 * panels[0].get_ylim()[1]
    panels[0].set(ylabel='share of boxes', ylim=(0, top))
    # Per group: its rows, one for each stage.
    groups = zip(*(rows[stage::stages] for stage in range(stages)))
    groups = [g for g in groups if all(row['boxes'] for row in g)][1:]
    left, middle, right = below.subplots(1, 3)
    _plot_quartiles(left, groups, stages)
    _plot_shares(middle, groups)
    _plot_moved(right, groups, stages)
    left.get_legend().set_title(_UNITS[by])
    # In two lines: those of neighbors would touch.
    names = [group[0]['group'].replace(' to ', '\nto ') for group in groups]
    for axes in (middle, right):
        axes.set_xticks(range(len(groups)), names)
        axes.set(xlabel=_UNITS[by], ylabel='share of boxes')
    for axes in (*panels, middle, right):
        axes.yaxis.set_major_formatter(PercentFormatter(1))
    for axes in (*panels, left, middle, right):
        tidy_axes(axes)
    return figure


def _plot_histograms(
    axes: Axes, row: dict[str, Any], threshold: float
) -> None:
    for end, style in (
        ('entering', dict(fill=True, color='0.8')),
        ('leaving', dict(color=nth_color(row['stage'] - 1), lw=1.8)),
    ):
        share = np.array(row[f'{end}_histogram']) / row['boxes']
        label = f'{end}: mean {row[f"{end}_mean"]:.3f}'
        axes.stairs(share, IOU_EDGES, label=label, **style)
    label = f'positive in training from {threshold:g}'
    axes.axvline(threshold, color='0.3', ls='--', lw=1, label=label)
    title = f'stage {row["stage"]}'
    axes.set(title=title, xlabel='IoU with the object', xlim=(0, 1))
    axes.legend(frameon=False, fontsize='small', loc='upper left')


def _plot_quartiles(
    axes: Axes, groups: Sequence[Sequence[dict]], stages: int
) -> None:
    """Lines over proposals, after stage 1, ...; one for each density."""
    colors = _shades('viridis', len(groups))
    for number, rows in enumerate(groups):
        ends = [(rows[0], 'entering')] + [(row, 'leaving') for row in rows]
        low, middle, high = (
            np.array([row[f'{end}_{q}'] for row, end in ends])
            for q in ('q25', 'q50', 'q75')
        )
        # Side by side, so that the bars stay legible.
        shift = 0.1 * (number - (len(groups) - 1) / 2)
        bars = dict(yerr=[middle - low, high - middle], capsize=2)
        look = _look(number, colors[number], label=rows[0]['group'])
        axes.errorbar(np.arange(len(ends)) + shift, middle, **bars, **look)
    names = ['proposals'] + [f'after {i + 1}' for i in range(stages)]
    axes.set_xticks(range(len(names)), names)
    axes.set(xlabel='stage', ylabel='IoU with the object', ylim=(0, 1))
    axes.set_title('Median and quartiles')
    legend_below(axes, 0.26, ncols=4, columnspacing=1)


def _plot_shares(axes: Axes, groups: Sequence[Sequence[dict]]) -> None:
    """Share of boxes from an IoU on; one color for each IoU."""
    colors = _shades('plasma', len(IOU_MARKS))
    for number, mark in enumerate(IOU_MARKS):
        look = _look(number, colors[number])
        before = [rows[0][f'entering_from_{mark}'] for rows in groups]
        after = [rows[-1][f'leaving_from_{mark}'] for rows in groups]
        axes.plot(before, ls='--', mfc='none', **look)
        axes.plot(after, label=f'IoU ≥ {mark:g}', **look)
    handles, labels = axes.get_legend_handles_labels()
    for name, style in (('proposals', '--'), ('after the last stage', '-')):
        handles.append(Line2D([], [], color='0.3', ls=style))
        labels.append(name)
    axes.set(title='Boxes of good overlap', ylim=(0, 1))
    legend_below(axes, 0.26, handles, labels, ncols=3, columnspacing=1)


def _plot_moved(
    axes: Axes, groups: Sequence[Sequence[dict]], stages: int
) -> None:
    """Share of boxes that changed their object; one color per stage."""
    for stage in range(stages):
        shares = [rows[stage]['moved'] for rows in groups]
        look = _look(stage, nth_color(stage))
        axes.plot(shares, label=f'stage {stage + 1}', **look)
    axes.set(title='Boxes moved to another object', ylim=(0, None))
    legend_below(axes, 0.26, ncols=4, columnspacing=1)


def _look(number: int, color: Any, **more: Any) -> dict[str, Any]:
    marker = _MARKERS[number % len(_MARKERS)]
    return dict(color=color, marker=marker, ms=4, lw=1.4, **more)


def _shades(name: str, count: int) -> np.ndarray:
    """Dark to light, without the palest end."""
    return colormaps[name](np.linspace(0, 0.85, max(count, 1)))
