"""Classification and localisation loss of each cascade stage: Fig. 6."""

import csv
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ...utils.files import whole_file
from ...visualization.figures import check_figure_path, write_figure
from .exponential_mean import exponential_mean
from .stage_losses import (
    LOSSES,
    StageLosses,
    read_stage_losses,
    read_stage_weights,
)

# Okabe and Ito's: told apart by colour-blind readers too.
_COLOURS = ('#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9')
# A second round of colours is dashed, a third dotted.
_STYLES = ('-', '--', ':')
_NAMES = ('classification loss', 'localisation loss')
_LEGEND_ROWS = 3


def draw_stage_losses(
    paths: Sequence[str | os.PathLike],
    out: str | os.PathLike,
    labels: Sequence[str] | None = None,
    smooth: float = 100,
    unweighted: bool = False,
    log_scale: bool = False,
    csv_file: str | os.PathLike | None = None,
) -> list[StageLosses]:
    """Draw the losses of the stages of one or several runs.

    Args:
        paths (Sequence): Of :func:`read_stage_losses`, one for each run.
        out (str | PathLike): The figure, ``.png``, ``.svg`` or ``.pdf``.
        labels (Sequence[str], optional): Names of the runs. Defaults to the
            names of their folders, or what their paths differ in where these
            are equal.
        smooth (float): Of :func:`plot_stage_losses`. Defaults to 100.
        unweighted (bool): Divide by each run's ``stage_loss_weights``, 1, 1/2
            and 1/4 in mmdet: without, a later stage's loss looks small.
            Localisation losses of deltas still differ by the ``target_stds``
            of each stage. Defaults to False.
        log_scale (bool): Of :func:`plot_stage_losses`. Defaults to False.
        csv_file (str | PathLike, optional): Gets the numbers, see
            :func:`write_stage_losses`. Defaults to None.

    Returns:
        list[StageLosses]: What was drawn.

    Raises:
        FileNotFoundError, ValueError: Of :func:`read_stage_losses`; if labels
            and runs are not as many, or the figure has another ending.
    """
    check_figure_path(out)
    if labels is None:
        labels = _tell_apart(paths)
    if len(labels) != len(paths):
        raise ValueError(
            f'there must be one label for each of {len(paths)} runs, but got '
            f'{len(labels)}. Give as many.'
        )
    runs = [
        read_stage_losses(path, str(label))
        for path, label in zip(paths, labels)
    ]
    if unweighted:
        runs = [
            run.divide(read_stage_weights(path))
            for run, path in zip(runs, paths)
        ]
    write_figure(
        plot_stage_losses(runs, smooth, log_scale, not unweighted), out
    )
    if csv_file is not None:
        write_stage_losses(runs, csv_file, smooth)
    return runs


def _tell_apart(paths: Sequence[str | os.PathLike]) -> list[str]:
    """The last part of each path, or of all parts those that differ."""
    parts = [Path(path).resolve().parts for path in paths]
    names = [part[-1] for part in parts]
    if len({*names}) == len(names):
        return names
    # From the front, then from the back: a/x/0 and a/y/0 are x and y.
    for _ in range(2):
        while len({part[:1] for part in parts}) == 1 and all(
            len(part) > 1 for part in parts
        ):
            parts = [part[1:] for part in parts]
        parts = [part[::-1] for part in parts]
    return ['/'.join(part) for part in parts]


def plot_stage_losses(
    runs: Sequence[StageLosses],
    smooth: float = 100,
    log_scale: bool = False,
    weighted: bool = True,
) -> Figure:
    """One row for each loss, one column for each stage, a colour for a run.

    Faint lines are the values of the log, strong lines their
    :func:`exponential_mean`. The panels of a row share their scale; it ends
    where the highest hundredth of the values begins, so that a few peaks do
    not flatten the rest.

    Args:
        runs (Sequence[StageLosses]): At least one.
        smooth (float): Span of the mean in iterations; 0 draws the values of
            the log alone. Defaults to 100.
        log_scale (bool): Of the losses. Defaults to False.
        weighted (bool): What the labels say of ``stage_loss_weights``.
            Defaults to True.

    Returns:
        Figure: Without a display and without pyplot's state.
    """
    stages = max(run.num_stages for run in runs)
    figure = Figure(figsize=(1 + 3 * stages, 5.4), layout='constrained')
    grid = figure.subplots(
        len(LOSSES), stages, sharex=True, sharey='row', squeeze=False
    )
    for loss, row in enumerate(grid):
        for stage, axes in enumerate(row):
            for number, run in enumerate(runs):
                if stage < run.num_stages:
                    values = run.values[:, stage, loss]
                    _plot_run(axes, run.steps, values, smooth, number)
            axes.grid(alpha=0.3, lw=0.5)
            axes.spines[['top', 'right']].set_visible(False)
        _set_scale(row[0], runs, loss, smooth, log_scale)
        row[0].set_ylabel(_NAMES[loss])
    for stage, (top, bottom) in enumerate(grid.T):
        top.set_title(f'stage {stage + 1}', fontsize='medium')
        bottom.set_xlabel('iteration')
    _add_legend(figure, runs, smooth, weighted)
    return figure


def write_stage_losses(
    runs: Sequence[StageLosses], path: str | os.PathLike, smooth: float = 100
) -> Path:
    """Write the numbers behind the figure as CSV.

    Columns: ``run``, ``step``, ``stage`` (from 1 on), ``loss``, ``value`` and
    ``smoothed``. Values that a log does not have get no line.
    """
    path = Path(path)
    with (
        whole_file(path) as part,
        open(part, 'w', newline='', encoding='utf-8') as file,
    ):
        writer = csv.writer(file)
        writer.writerow(['run', 'step', 'stage', 'loss', 'value', 'smoothed'])
        for run in runs:
            for stage, loss in np.ndindex(run.values.shape[1:]):
                values = run.values[:, stage, loss]
                means = exponential_mean(run.steps, values, smooth)
                there = ~np.isnan(values)
                columns = (run.steps[there], values[there], means[there])
                writer.writerows(
                    (run.name, step, stage + 1, LOSSES[loss], value, mean)
                    for step, value, mean in zip(
                        *map(np.ndarray.tolist, columns)
                    )
                )
    return path


def _plot_run(
    axes: Axes,
    steps: np.ndarray,
    values: np.ndarray,
    smooth: float,
    number: int,
) -> None:
    style = _style(number)
    if smooth:
        axes.plot(steps, values, color=style['color'], alpha=0.35, lw=0.6)
        values = exponential_mean(steps, values, smooth)
    axes.plot(steps, values, lw=1.6 if smooth else 0.9, **style)


def _style(number: int) -> dict[str, str]:
    rounds, colour = divmod(number, len(_COLOURS))
    return dict(color=_COLOURS[colour], ls=_STYLES[rounds % len(_STYLES)])


def _set_scale(
    axes: Axes,
    runs: Sequence[StageLosses],
    loss: int,
    smooth: float,
    log_scale: bool,
) -> None:
    if log_scale:
        axes.set_yscale('log')
        return
    columns = [
        (run.steps, run.values[:, stage, loss])
        for run in runs
        for stage in range(run.num_stages)
    ]
    values = np.concatenate([values for _, values in columns])
    values = values[np.isfinite(values)]
    if not len(values):
        return
    means = [exponential_mean(*column, smooth) for column in columns]
    means = np.concatenate(means)[np.isfinite(np.concatenate(means))]
    top = max(np.quantile(values, 0.99), means.max() if smooth else 0)
    axes.set_ylim(0, 1.05 * top if top > 0 else 1)


def _add_legend(
    figure: Figure, runs: Sequence[StageLosses], smooth: float, weighted: bool
) -> None:
    """Below the panels: runs, and what the lines are."""
    handles = [
        Line2D([], [], lw=2, label=run.name, **_style(number))
        for number, run in enumerate(runs)
    ]
    kinds = {
        'each iteration' if run.every_iteration else "means of mmengine's log"
        for run in runs
    }
    note = ' or '.join(sorted(kinds))
    if smooth:
        note = f'faint: {note}; strong: exponential mean, 1/e after '
        note += f'{smooth:g} iterations'
    note += (
        '\nlosses as trained on, times stage_loss_weights'
        if weighted
        else '\nlosses divided by stage_loss_weights'
    )
    legend = figure.legend(
        handles=handles,
        title=note,
        title_fontsize='small',
        alignment='center',
        fontsize='small',
        frameon=False,
        ncols=_legend_columns(runs, figure.get_figwidth()),
        loc='outside lower center',
    )
    legend.get_title().set_multialignment('center')


def _legend_columns(runs: Sequence[StageLosses], width: float) -> int:
    """As many as the figure, so many inches wide, has room for."""
    wanted = -(-len(runs) // _LEGEND_ROWS)
    longest = max(len(run.name) for run in runs)
    return max(1, min(wanted, int(width / (0.6 + 0.08 * longest))))
