"""What a data set's images and objects are like, in four panels."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ...datasets.annotation_columns import AnnotationColumns
from ...utils.boxes import box_areas, nearest_neighbor_iou
from ...visualization.palette import BLUE, PALETTE

_MAX_BINS = 50


@dataclass(frozen=True, eq=False)
class SplitStatistics:
    """What is drawn of one split of M images and N objects."""

    name: str
    counts: np.ndarray  # (M,), objects
    sizes: np.ndarray  # (M, 2), height and width, pixels
    sides: np.ndarray  # (N,), square root of the area, pixels
    neighbor_iou: np.ndarray  # (N,), of nearest_neighbor_iou()

    @classmethod
    def from_columns(cls, name: str, columns: AnnotationColumns):
        """Measure the boxes of a split, which must have positive sides."""
        boxes = columns.boxes.astype(np.float64)
        overlaps = np.zeros(len(boxes))
        for image in range(len(columns)):
            rows = columns.rows(image)
            overlaps[rows] = nearest_neighbor_iou(boxes[rows])
        sides = np.sqrt(box_areas(boxes))
        return cls(name, columns.counts, columns.sizes, sides, overlaps)


def plot_objects_per_image(splits: Sequence[SplitStatistics]) -> bytes:
    """Histogram of the number of objects; all panels return a PNG file."""
    figure, axes = _panel('objects in an image', 'share of the images')
    most = max(int(s.counts.max(initial=0)) for s in splits)
    # Integers: no bin may hold more of them than its neighbor.
    width = max(1, -(-(most + 1) // _bins(max(len(s.counts) for s in splits))))
    edges = np.arange(0, most + width + 1, width) - 0.5
    _histograms(axes, [(s.name, s.counts) for s in splits], edges)
    return _png(figure)


def plot_image_sizes(splits: Sequence[SplitStatistics]) -> bytes:
    """One disc for every size of image, its area the number of images."""
    figure, axes = _panel('width, pixels', 'height, pixels')
    sizes, counts = np.unique(
        np.concatenate([s.sizes for s in splits]), axis=0, return_counts=True
    )
    share = counts / max(1, counts.sum())
    area = 12 + 900 * share
    axes.scatter(*sizes.T[::-1], s=area, color=BLUE, alpha=0.55, lw=0)
    style = dict(textcoords='offset points', ha='center', fontsize='small')
    for index in np.argsort(-counts, kind='stable')[:4]:
        height, width = sizes[index]
        text = f'{width} x {height}: {share[index]:.0%}'
        above = 0, 9 + 13 * share[index] ** 0.5
        axes.annotate(text, (width, height), xytext=above, **style)
    limits = (0, 1.15 * sizes.max(initial=1))
    axes.set(xlim=limits, ylim=limits, aspect='equal')
    return _png(figure)


def plot_object_sizes(splits: Sequence[SplitStatistics]) -> bytes:
    """Histogram of the root of the area, on a logarithmic axis."""
    root = 'square root of the area, pixels'
    figure, axes = _panel(root, 'share of the objects')
    sides = np.concatenate([s.sides for s in splits])
    low, high = (sides.min(), sides.max()) if len(sides) else (1, 100)
    edges = np.geomspace(low / 1.05, high * 1.05, _bins(len(sides)) + 1)
    axes.set_xscale('log', base=2)
    axes.xaxis.set_major_formatter('{x:g}')
    for side in (32, 96):  # COCO's small, medium and large
        if edges[0] < side < edges[-1]:
            axes.axvline(side, color='0.6', ls=':', lw=1)
    _histograms(axes, [(s.name, s.sides) for s in splits], edges)
    return _png(figure)


def plot_neighbor_iou(splits: Sequence[SplitStatistics]) -> bytes:
    """Share of the objects whose nearest neighbor overlaps at least so."""
    iou = 'IoU with the nearest neighbor, at least'
    figure, axes = _panel(iou, 'share of the objects')
    grid = np.linspace(0, 1, 201)[1:]
    for color, split in zip(PALETTE, splits):
        values = np.sort(split.neighbor_iou)
        share = 1 - np.searchsorted(values, grid) / max(1, len(values))
        share = np.maximum(share, 1e-6)  # below the axis; 0 has no logarithm
        axes.plot(grid, share, color=color, lw=1.8, label=split.name)
    # From 1 of 10,000 objects on: it is the few that NMS loses.
    axes.set(xlim=(0, 1), yscale='log', ylim=(1e-4, 1.3))
    axes.yaxis.set_major_formatter(_percent)
    axes.legend(frameon=False)
    return _png(figure)


def _panel(xlabel: str, ylabel: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(6, 3.6), dpi=120, layout='constrained')
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.set(xlabel=xlabel, ylabel=ylabel, axisbelow=True)
    axes.spines[['top', 'right']].set_visible(False)
    axes.grid(color='0.92')
    return figure, axes


def _histograms(
    axes: Axes, values: list[tuple[str, np.ndarray]], edges: np.ndarray
) -> None:
    for color, (name, column) in zip(PALETTE, values):
        share = np.histogram(column, edges)[0] / max(1, len(column))
        axes.stairs(share, edges, color=color, lw=1.6, label=name)
        axes.stairs(share, edges, color=color, alpha=0.12, fill=True)
    axes.set(xlim=(edges[0], edges[-1]), ylim=(0, None))
    axes.yaxis.set_major_formatter(_percent)
    axes.legend(frameon=False)


def _bins(values: int) -> int:
    """Enough for the shape, few enough that each holds some values."""
    return int(np.clip(2 * values**0.5, 8, _MAX_BINS))


def _percent(share: float, _: int) -> str:
    return f'{100 * share:.3g} %'


def _png(figure: Figure) -> bytes:
    file = io.BytesIO()
    # Without matplotlib's version in it: equal data, equal bytes.
    figure.savefig(file, format='png', metadata={'Software': None})
    return file.getvalue()
