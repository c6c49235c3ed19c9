"""Measure what the numbers in a config follow from."""

from dataclasses import dataclass, replace

import numpy as np

from ...datasets.importers.read_annotations import (
    guess_format,
    read_annotations,
)
from ...evaluation.stored.files import read_ground_truth
from ...evaluation.tables.ground_truth import GroundTruth
from ...utils.boxes import nearest_neighbor_iou
from ...utils.groups import group_rows
from ...utils.object_counts import needed_cap, recall_bound
from .anchor_recall import resized_shapes
from .anchors import STOCK, AnchorRecall, advise_anchors
from .sample_sizes import round_up

# Smaller objects cover less than two cells of the finest feature map.
SMALLEST = 8.0
PERCENT = 99.5


@dataclass(frozen=True)
class DatasetAdvice:
    """The figures that the numbers of a config follow from.

    Args:
        ann_file (str): Where they come from.
        scale (tuple[int, int]): Images are resized to it: the limits of the
            long and the short side.
        images, objects, left_out (int): How many; crowd regions and boxes
            without area are left out and are no objects.
        classes (tuple[str, ...]): Names.
        resize (float): Median factor by which images are resized.
        needed (int): Objects per image, 99.5th percentile.
        needed_per_class (int): Likewise per image and class, where there are
            any.
        bounds (dict[int, float]): By cap (per image and class): the recall
            that it allows.
        overlap, overlap_in_class (float): 99.5th percentile of the IoU of an
            object with its nearest neighbour, of any class and of its own.
        close (float): Share of objects whose nearest neighbour of their
            class overlaps them by more than 0.5.
        sizes (tuple[float, ...]): 1st, 50th and 99th percentile of
            sqrt(width x height), pixels after the resize.
        small (float): Share of objects under 8 pixels by that measure.
        suggested_scale (tuple[int, int]): As ``scale``, larger if more than
            1% of the objects are under 8 pixels; at most twice as large.
        anchors (list[AnchorRecall]): As :func:`advise_anchors` gives them.
        seed (int): Of the sample that anchors were fitted to.
    """

    ann_file: str
    scale: tuple[int, int]
    images: int
    objects: int
    left_out: int
    classes: tuple[str, ...]
    resize: float
    needed: int
    needed_per_class: int
    bounds: dict[int, float]
    overlap: float
    overlap_in_class: float
    close: float
    sizes: tuple[float, ...]
    small: float
    suggested_scale: tuple[int, int]
    anchors: list[AnchorRecall]
    seed: int


def advise_dataset(
    ann_file: str,
    scale: tuple[int, int] = (1333, 800),
    anchors: int = 3,
    strides: tuple[int, ...] = STOCK.strides,
    seed: int = 0,
    source_format: str | None = None,
    images: str | None = None,
) -> DatasetAdvice:
    """Measure what the configs of dense scenes depend on.

    Args:
        ann_file (str): Annotations of any format of
            :func:`read_annotations`; a folder for VOC and YOLO.
        scale (tuple[int, int]): What images are resized to, aspect ratio
            kept. Defaults to (1333, 800).
        anchors (int): Anchors per location. Defaults to 3.
        strides (tuple[int, ...]): Of the feature pyramid.
            Defaults to (4, 8, 16, 32, 64).
        seed (int): Defaults to 0.
        source_format, images: Of :func:`read_annotations`. The format
            defaults to what the annotations look like.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is malformed, holds no object, or lacks the size of
            an image; or if ``scale`` or ``anchors`` is not positive.
    """
    if len(scale) != 2 or min(scale) < 1:
        raise ValueError(
            'scale must be two positive numbers, the limits of '
            f'the long and the short side, but got {scale}.'
        )
    truth = _read(ann_file, source_format, images)
    num_read = len(truth)
    truth = _usable(truth, ann_file)
    sizes = truth.columns.sizes
    image_of_box = np.repeat(np.arange(len(sizes)), truth.columns.counts)
    # A stripe may have no row left; no loader gives that.
    resized = np.maximum(resized_shapes(sizes, scale), 1)
    factors = (resized / sizes)[:, ::-1]
    boxes = truth.boxes * np.tile(factors, 2)[image_of_box]
    size = np.sqrt((boxes[:, 2:] - boxes[:, :2]).prod(axis=1))
    overlap, in_class = _neighbours(truth, image_of_box)
    counts = truth.counts(by_class=True)
    needed = needed_cap(counts[counts > 0], PERCENT)
    return DatasetAdvice(
        ann_file=ann_file,
        scale=tuple(scale),
        images=len(sizes),
        objects=len(truth),
        left_out=num_read - len(truth),
        classes=truth.classes,
        resize=float(np.median(factors)),
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
            boxes, resized[image_of_box], anchors, strides, seed
        ),
        seed=seed,
    )


def metric_caps(needed: int) -> tuple[int, ...]:
    """The paper's 100 and the literature's 300; another if they are low."""
    return (100, 300) if needed <= 300 else (100, 300, round_up(needed, 100))


def _read(
    ann_file: str, source_format: str | None, images: str | None
) -> GroundTruth:
    source_format = source_format or guess_format(ann_file)
    if source_format in ('coco', 'sku'):
        return read_ground_truth(ann_file)
    found = read_annotations(ann_file, source_format, images)
    return GroundTruth.from_columns(found.columns, found.classes)


def _usable(truth: GroundTruth, ann_file: str) -> GroundTruth:
    """Clip boxes; without crowd regions and what is thinner than a pixel."""
    truth.validate()
    columns = truth.columns
    if (columns.sizes < 1).any():
        raise ValueError(
            f'{ann_file} must give every image a width and a height, but some '
            'are absent or not positive. Add them.'
        )
    limits = np.tile(columns.sizes[:, ::-1], 2)
    boxes = np.clip(truth.boxes, 0, np.repeat(limits, columns.counts, axis=0))
    keep = (boxes[:, 2:] - boxes[:, :2] >= 1).all(axis=1)
    keep &= ~(truth.iscrowd | truth.ignore)
    if not keep.any():
        raise ValueError(
            f'{ann_file} must hold at least one object of a pixel or more '
            'that is no crowd region, but holds none. Give the annotations '
            'of a training set.'
        )
    return GroundTruth.from_columns(
        replace(columns, boxes=boxes).keep_boxes(keep), truth.classes
    )


def _neighbours(
    truth: GroundTruth, image_of_box: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """IoU with the nearest neighbour, and with the one of the same class."""
    any_class = _by_group(truth.boxes, image_of_box)
    if len(truth.classes) == 1:
        return any_class, any_class
    group = image_of_box * len(truth.classes) + truth.labels
    return any_class, _by_group(truth.boxes, group)


def _by_group(boxes: np.ndarray, group: np.ndarray) -> np.ndarray:
    iou = np.zeros(len(boxes))
    for rows in group_rows(group, np.unique(group)):
        iou[rows] = nearest_neighbor_iou(boxes[rows])
    return iou


def _percentile(values: np.ndarray) -> float:
    return float(np.percentile(values, PERCENT, method='inverted_cdf'))


def _larger(scale: tuple[int, int], size: float) -> tuple[int, int]:
    """A scale at which this size is 8 pixels, in steps of 32 pixels."""
    if size >= SMALLEST:
        return tuple(scale)
    factor = min(2.0, SMALLEST / size)
    return tuple(round_up(side * factor, 32) for side in scale)
