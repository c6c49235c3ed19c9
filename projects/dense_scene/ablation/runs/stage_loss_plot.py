"""Classification and localization loss of each cascade stage: Fig. 6."""

import os
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ...utils import checks
from ...utils.files import whole_file
from ...visualization.figures import check_figure_path, tidy_axes, write_figure
from ...visualization.palette import PALETTE
from .stage_losses import LOSSES, exponential_mean, read_stage_losses

# A second round of colors is dashed, a third dotted.
_STYLES = [dict(color=c, ls=ls) for ls in ('-', '--', ':') for c in PALETTE]
_NAMES = ('classification loss', 'localization loss')


def draw_stage_losses(
    paths: Sequence[str | os.PathLike],
    out: str | os.PathLike,
    labels: Sequence[str] | None = None,
    smooth: float = 100,
    unweighted: bool = False,
    log_scale: bool = False,
    csv_file: str | os.PathLike | None = None,
) -> pd.DataFrame:
    """Draw the losses of the stages of one or several runs.

    Args:
        paths (Sequence): Of :func:`read_stage_losses`, one for each run.
        out (str | PathLike): The figure, ``.png``, ``.svg`` or ``.pdf``.
        labels (Sequence[str], optional): Names of the runs. Defaults to their
            paths in the folder that holds all of them.
        smooth (float): Span of :func:`exponential_mean`. Defaults to 100.
        unweighted (bool): Divide by each run's ``stage_loss_weights``, 1, 1/2
            and 1/4 in mmdet: without, a later stage's loss looks small.
            Localization losses of deltas still differ by the ``target_stds``
            of each stage. Defaults to False.
        log_scale (bool): Of the losses. Defaults to False.
        csv_file (str | PathLike, optional): Gets the numbers, without NaN.

    Returns:
        DataFrame: What was drawn: ``run`` (its label), the columns of
        :func:`read_stage_losses`, and ``smoothed``.
    """
    check_figure_path(out)
    smooth = checks.number('smooth', smooth, '[0, inf)')
    if labels is None:
        shared = os.path.commonpath([Path(p).absolute().parent for p in paths])
        labels = [os.path.relpath(path, shared) for path in paths]
    if not len({*labels}) == len(labels) == len(paths):
        raise ValueError(
            f'labels must be {len(paths)} different names, but got {labels}.'
        )
    runs = [read_stage_losses(path, unweighted) for path in paths]
    for run, label in zip(runs, labels):
        run.insert(0, 'run', label)
    table = pd.concat(runs, ignore_index=True)
    for _, curve in table.groupby(['run', 'stage', 'loss']):
        means = exponential_mean(curve['step'], curve['value'], smooth)
        table.loc[curve.index, 'smoothed'] = means
    figure = plot_stage_losses(table, smooth, log_scale, not unweighted)
    write_figure(figure, out)
    if csv_file is not None:
        with whole_file(csv_file) as part:
            table.dropna().to_csv(part, index=False)
    return table


def plot_stage_losses(
    table: pd.DataFrame,
    smooth: float = 100,
    log_scale: bool = False,
    weighted: bool = True,
) -> Figure:
    """One row for each loss, one column for each stage, a color for a run.

    Faint lines are the values of the log, strong lines their mean. The panels
    of a row share their scale; it ends where the highest hundredth of the
    values begins, so that a few peaks do not flatten the rest.

    Args:
        table (DataFrame): Of :func:`draw_stage_losses`.
        smooth, weighted: What the legend says.
        log_scale (bool): Of the losses. Defaults to False.
    """
    stages = table['stage'].max()
    figure = Figure(figsize=(1 + 3 * stages, 5.4), layout='constrained')
    grid = figure.subplots(2, stages, sharex=True, sharey='row', squeeze=False)
    styles = dict(zip(table['run'].unique(), cycle(_STYLES)))
    for (run, stage, loss), curve in table.groupby(['run', 'stage', 'loss']):
        axes = grid[LOSSES.index(loss), stage - 1]
        line = dict(styles[run], lw=1.6 if smooth else 0.9)
        axes.plot(curve['step'], curve['smoothed'], **line)
        if smooth:
            line = dict(color=line['color'], alpha=0.35, lw=0.6, zorder=1)
            axes.plot(curve['step'], curve['value'], **line)
    for row, loss, name in zip(grid, LOSSES, _NAMES):
        row[0].set_ylabel(name)
        if log_scale:
            row[0].set_yscale('log')
        elif (top := _top(table[table['loss'] == loss], smooth)) > 0:
            row[0].set_ylim(0, 1.05 * top)
    for axes in grid.flat:
        tidy_axes(axes)
    for stage, (above, below) in enumerate(grid.T, 1):
        above.set_title(f'stage {stage}', fontsize='medium')
        below.set_xlabel('iteration')
    counts = table.groupby('run')['step'].nunique()
    counts = sorted({counts.min(), counts.max()})
    note = ' to '.join(map(str, counts)) + ' logged values'
    if smooth:
        note = f'faint: {note}; strong: exponential mean, 1/e after '
        note += f'{smooth:g} iterations'
    times = 'as trained on, times' if weighted else 'divided by'
    note += f'\nlosses {times} stage_loss_weights'
    _add_legend(figure, styles, note)
    return figure


def _top(table: pd.DataFrame, smooth: float) -> float:
    numbers = table[['value', 'smoothed']].replace([np.inf, -np.inf], np.nan)
    top = numbers['value'].quantile(0.99)
    return max(top, numbers['smoothed'].max()) if smooth else top


def _add_legend(figure: Figure, styles: dict[str, dict], note: str) -> None:
    """Below the panels: runs, and what the lines are."""
    # A name of n letters is about 0.6 + 0.08 n inches wide.
    columns = figure.get_figwidth() / (0.6 + 0.08 * max(map(len, styles)))
    legend = figure.legend(
        handles=[Line2D([], [], label=k, **v) for k, v in styles.items()],
        title=note,
        title_fontsize='small',
        fontsize='small',
        frameon=False,
        ncols=max(1, min(len(styles), int(columns))),
        loc='outside lower center',
    )
    legend.get_title().set_multialignment('center')
