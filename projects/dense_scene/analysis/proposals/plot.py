"""Recall of proposals, IoU of stage inputs, positives per object."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ...visualization.figures import legend_below
from ...visualization.palette import nth_color
from .quality import IOU_EDGES, IOU_THRESHOLDS, MAX_POSITIVES, ProposalQuality


def plot_proposal_quality(quality: ProposalQuality) -> np.ndarray:
    """Draw three panels, (H, W, 3), uint8, RGB.

    Left, the share of objects recalled over the IoU threshold, one line per
    cap. Middle, the IoU of each stage's input boxes with their object; a
    dashed line marks from where the stage calls them positive. Right, how
    many positives the objects have.
    """
    figure = Figure(figsize=(13, 4.6), dpi=100, layout='constrained')
    canvas = FigureCanvasAgg(figure)
    left, middle, right = figure.subplots(1, 3)
    _plot_recall(left, quality)
    _plot_iou(middle, quality)
    _plot_positives(right, quality)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def _plot_recall(axes: Axes, quality: ProposalQuality) -> None:
    count = len(quality.proposal_nums)
    shares = quality.recalled.T / max(1, quality.objects)
    names = zip(quality.proposal_nums, quality.average_recall)
    for i, (share, (cap, recall)) in enumerate(zip(shares, names), 1):
        look = dict(color=str(0.75 * (1 - i / count)), marker='.')
        label = f'{cap}: AR {recall:.3f}'
        axes.plot(IOU_THRESHOLDS, share, label=label, **look)
    axes.set(
        title='Objects recalled by the first k proposals',
        xlabel='IoU threshold',
        ylabel='share of objects',
        ylim=(0, 1.02),
    )
    if count:
        legend_below(axes, 0.16, ncols=2, title='first k')


def _plot_iou(axes: Axes, quality: ProposalQuality) -> None:
    shares = quality.iou_histogram / np.maximum(1, quality.inputs)[:, None]
    names = [f'mean {iou:.3f}' for iou in quality.mean_iou]
    _plot_stages(axes, shares, IOU_EDGES, names)
    for stage, threshold in enumerate(quality.pos_iou_thrs):
        axes.axvline(threshold, color=nth_color(stage), ls='--', lw=1)
    axes.set(
        title='IoU of input boxes with their object',
        xlabel='IoU',
        ylabel='share of input boxes',
        xlim=(0, 1),
    )
    legend_below(axes, 0.16, ncols=2, title='dashed: positive from here on')


def _plot_positives(axes: Axes, quality: ProposalQuality) -> None:
    shares = quality.positives_histogram / max(1, quality.objects)
    edges = np.arange(MAX_POSITIVES + 2) - 0.5
    names = [
        f'{mean:.2f}, {none:.1%}'
        for mean, none in zip(quality.positives_per_object, shares[:, 0])
    ]
    _plot_stages(axes, shares, edges, names)
    ticks = range(0, MAX_POSITIVES + 1, 4)
    axes.set_xticks(ticks, [*map(str, ticks[:-1]), f'{MAX_POSITIVES}+'])
    axes.set(
        title='Positives per object',
        xlabel='positives',
        ylabel='share of objects',
        xlim=(-0.5, MAX_POSITIVES + 0.5),
    )
    title = 'mean, share of objects without any'
    legend_below(axes, 0.16, ncols=2, title=title)


def _plot_stages(
    axes: Axes, shares: np.ndarray, edges: np.ndarray, names: list[str]
) -> None:
    """The outline of each stage's histogram."""
    for stage, (share, name) in enumerate(zip(shares, names)):
        # Later stages lie on top: thinner, so that equal ones stay visible.
        look = dict(color=nth_color(stage), lw=max(1.0, 3.0 - 0.8 * stage))
        axes.stairs(share, edges, label=f'stage {stage + 1}: {name}', **look)
