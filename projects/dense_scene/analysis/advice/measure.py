"""Measure what the numbers in a config follow from."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from mmengine.logging import print_log

from ...datasets.importers.read_annotations import (
    guess_format,
    read_annotations,
)
from ...evaluation.stored.files import read_ground_truth
from ...evaluation.tables.ground_truth import GroundTruth
from ...utils import checks
from ...utils.boxes import box_areas, clip_boxes, nearest_neighbor_iou
from ...utils.groups import group_rows
from ...utils.object_counts import needed_cap, recall_bound
from .anchors import STOCK, AnchorRecall, advise_anchors

# Smaller objects cover less than two cells of the finest feature map.
SMALLEST = 8.0
PERCENT = 99.5


@dataclass(frozen=True)
class DatasetAdvice:
    """The figures that the numbers of a config follow from."""

    ann_file: str
    # Limits of the long and the short side, to which images are resized, and
    # the median factor by which they are.
    scale: tuple[int, int]
    resize: float
    # Crowd regions and boxes under a pixel are left out and are no objects.
    images: int
    objects: int
    left_out: int
    classes: tuple[str, ...]
    # Objects per image, and per image and class: 99.5th percentile.
    needed: int
    needed_per_class: int
    # By cap per image and class: the recall that it allows.
    bounds: dict[int, float]
    # IoU of an object with its nearest neighbor, of any class and of its own:
    # 99.5th percentile; share of objects for which the latter is above 0.5.
    overlap: float
    overlap_in_class: float
    close: float
    # sqrt(width x height) in pixels after the resize: 1st, 50th and 99th
    # percentile; share of objects under 8 pixels.
    sizes: tuple[float, ...]
    small: float
    # Larger than ``scale``, at most twice, if more than 1% are that small.
    suggested_scale: tuple[int, int]
    anchors: list[AnchorRecall]


def advise_dataset(
    ann_file: str,
    scale: tuple[int, int] = (1333, 800),
    anchors: int = 3,
    strides: tuple[int, ...] = STOCK.strides,
    seed: int = 0,
    source_format: str | None = None,
    images: str | None = None,
    classes: Sequence[str] | None = None,
) -> DatasetAdvice:
    """Measure what the configs of dense scenes depend on.

    Args:
        ann_file, source_format, images, classes: Of
            :func:`read_annotations`. The format defaults to what the
            annotations look like.
        scale (tuple[int, int]): What images are resized to, aspect ratio
            kept. Defaults to (1333, 800).
        anchors (int): Anchors per location. Defaults to 3.
        strides, seed: Of :func:`advise_anchors`.
    """
    scale = checks.size('scale', scale)
    found = _read(ann_file, source_format, images, classes)
    truth, left_out = _usable(found, ann_file)
    sizes = truth.columns.sizes[:, ::-1]  # width, height
    image_of_box = np.repeat(np.arange(len(sizes)), truth.columns.counts)
    resized = np.maximum(resize(sizes, scale), 1)  # a stripe may lose its row
    factors = resized / sizes
    boxes = truth.boxes * np.tile(factors, 2)[image_of_box]
    size = np.sqrt(box_areas(boxes))
    overlap, in_class = _nearest(truth, image_of_box)
    counts = truth.counts(by_class=True)
    needed = needed_cap(counts[counts > 0], PERCENT)
    return DatasetAdvice(
        ann_file=ann_file,
        scale=scale,
        resize=float(np.median(factors)),
        images=len(sizes),
        objects=len(truth),
        left_out=left_out,
        classes=truth.classes,
        needed=needed_cap(truth.counts(), PERCENT),
        needed_per_class=needed,
        bounds={cap: recall_bound(counts, cap) for cap in metric_caps(needed)},
        overlap=_percentile(overlap),
        overlap_in_class=_percentile(in_class),
        close=float((in_class > 0.5).mean()),
        sizes=tuple(np.quantile(size, (0.01, 0.5, 0.99)).tolist()),
        small=float((size < SMALLEST).mean()),
        suggested_scale=_larger(scale, float(np.quantile(size, 0.01))),
        anchors=advise_anchors(
            boxes, resized[image_of_box, ::-1], anchors, strides, seed
        ),
    )


def resize(sizes: np.ndarray, scale: tuple[int, int]) -> np.ndarray:
    """(M, 2) int sizes kept in aspect within limits of long and short side.

    As ``mmcv.rescale_size``, which would load torch for it.
    """
    limits = max(scale) / sizes.max(axis=1), min(scale) / sizes.min(axis=1)
    return (sizes * np.minimum(*limits)[:, None] + 0.5).astype(np.int64)


def round_up(value: float, step: int) -> int:
    """The smallest multiple of ``step`` that is not below ``value``."""
    return -int(-value // step) * step


def metric_caps(needed: int) -> tuple[int, ...]:
    """The paper's 100 and the literature's 300; another if they are low."""
    return (100, 300) if needed <= 300 else (100, 300, round_up(needed, 100))


def _read(
    ann_file: str,
    source_format: str | None,
    images: str | None,
    classes: Sequence[str] | None,
) -> GroundTruth:
    source_format = source_format or guess_format(ann_file)
    if source_format == 'sku':
        return read_ground_truth(ann_file)
    found = read_annotations(ann_file, source_format, images, classes)
    for note in found.notes:
        print_log(f'{ann_file}: {note}', 'current', logging.WARNING)
    return GroundTruth.from_columns(found.columns, found.classes)


def _usable(truth: GroundTruth, ann_file: str) -> tuple[GroundTruth, int]:
    """The objects, cut at the edges of images, and how many are none."""
    truth.validate(ann_file)
    columns = truth.columns
    if (columns.sizes < 1).any():
        what = f'{ann_file} must give every image a positive width and height'
        raise ValueError(f'{what}, but does not.')
    sizes = np.repeat(columns.sizes[:, ::-1], columns.counts, axis=0)
    boxes, keep = clip_boxes(truth.boxes, sizes)
    keep &= ~(truth.iscrowd | truth.ignore)
    if not keep.any():
        what = f'{ann_file} must hold at least one object of a pixel or more'
        ignored = int((truth.iscrowd | truth.ignore).sum())
        why = f'{ignored} of {len(truth)} boxes are ignored (iscrowd)'
        raise ValueError(f'{what} that is not a crowd region, but {why}.')
    columns = replace(columns, boxes=boxes).keep_boxes(keep)
    kept = GroundTruth.from_columns(columns, truth.classes)
    return kept, len(truth) - len(kept)


def _nearest(
    truth: GroundTruth, image_of_box: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """IoU with the nearest neighbor, and with the one of the same class."""
    in_class = image_of_box * len(truth.classes) + truth.labels
    groups = [image_of_box, in_class][: len(truth.classes)]
    found = np.zeros((len(groups), len(truth)))
    for iou, group in zip(found, groups):
        for rows in group_rows(group, np.unique(group)):
            iou[rows] = nearest_neighbor_iou(truth.boxes[rows])
    return found[0], found[-1]


def _percentile(values: np.ndarray) -> float:
    return float(np.percentile(values, PERCENT, method='inverted_cdf'))


def _larger(scale: tuple[int, int], size: float) -> tuple[int, int]:
    """A scale at which this size is 8 pixels, in steps of 32 pixels."""
    if size >= SMALLEST:
        return scale
    factor = min(2.0, SMALLEST / size)
    return tuple(round_up(side * factor, 32) for side in scale)
