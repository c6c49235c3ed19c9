"""Pictures of hundreds of boxes: nothing but lines lies on an object."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from . import palette
from .boxes import draw_boxes
from .caption import Entry, add_caption
from .comparison import compare_boxes

_HIT, _MISSED = palette.to_rgb(palette.BLUE), palette.to_rgb(palette.ORANGE)
_MERGED, _FALSE = palette.to_rgb(palette.YELLOW), palette.to_rgb(palette.PINK)
# Smaller images are enlarged, as lines would hide the objects, but not beyond
# the second number: an image may be one pixel high.
_MIN_SIDE, _MAX_SIDE = 640, 2560
# A line takes this part of an object's shorter side, but at least a pixel, or
# two for objects that are not tiny.
_LINE_SHARE, _THICKEST, _TINY = 1 / 25, 5, 16
# What a score of 0 leaves of a color; the rest is white.
_PALEST = 0.4
_MOST_CLASSES = 12


@dataclass(frozen=True, eq=False)
class PictureBoxes:
    """Boxes of one picture.

    Args:
        boxes (np.ndarray): (N, 4), xyxy, pixels.
        labels (np.ndarray): (N,) integer.
        scores (np.ndarray, optional): (N,), 0 to 1; None for ground truth.
    """

    boxes: np.ndarray
    labels: np.ndarray
    scores: np.ndarray | None = None

    def __len__(self) -> int:
        """Number of boxes."""
        return len(self.boxes)


def draw_dense(
    image: np.ndarray,
    shown: PictureBoxes,
    classes: Sequence[str] | None = None,
    colors: Sequence[tuple[int, int, int]] | None = None,
    note: str = '',
) -> np.ndarray:
    """Boxes in the colors of their classes, below a bar with the count.

    Lines are as thin as the objects are small; a color pales with the score,
    and sure boxes lie above unsure ones.

    Args:
        image (np.ndarray): (H, W, 3), uint8, RGB. Enlarged by a whole factor
            where a side is below 640 pixels.
        shown (PictureBoxes): What is drawn.
        classes (Sequence[str], optional): Names; None counts labels alone.
        colors (Sequence[tuple], optional): RGB of each class. Defaults to
            None: those of the house, in turns.
        note (str): Stands behind the count. Defaults to ''.
    """
    shades = _class_colors(shown.labels, colors)
    order = np.arange(len(shown))
    if shown.scores is not None:
        keep = _PALEST + (1 - _PALEST) * np.clip(shown.scores, 0, 1)[:, None]
        shades = 255 + (shades - 255.0) * keep
        order = np.argsort(shown.scores, kind='stable')
    drawn = _outline(image, shown.boxes[order], shades[order])
    return add_caption(
        drawn,
        f'{len(shown)} objects{note}',
        _class_legend(shown.labels, classes, colors),
    )


def draw_comparison(
    image: np.ndarray, found: PictureBoxes, truth: PictureBoxes, note: str = ''
) -> np.ndarray:
    """Hits, misses, merged objects and false alarms: :func:`compare_boxes`.

    One picture, as :func:`draw_dense`. A hit has one line, that of the
    prediction.
    """
    scores = np.ones(len(found)) if found.scores is None else found.scores
    found_columns = found.boxes, found.labels, scores
    result = compare_boxes(*found_columns, truth.boxes, truth.labels)
    kinds = (
        ('hits', _HIT, found.boxes[result.hits]),
        ('false alarms', _FALSE, found.boxes[result.false]),
        ('missed', _MISSED, truth.boxes[result.missed]),
        ('merged', _MERGED, found.boxes[result.merged]),
    )
    shades = np.concatenate([np.tile(c, (len(b), 1)) for _, c, b in kinds])
    boxes = np.concatenate([boxes for _, _, boxes in kinds])
    drawn = _outline(image, boxes, shades)
    legend = [(f'{len(b)} {name}', color) for name, color, b in kinds]
    text = f'{len(found)} found, {len(truth)} objects{note}'
    return add_caption(drawn, text, legend)


def _outline(
    image: np.ndarray, boxes: np.ndarray, colors: np.ndarray
) -> np.ndarray:
    """Lines by the size of each object, on an image that is large enough."""
    small, large = min(image.shape[:2]), max(image.shape[:2])
    factor = max(1, min(round(_MIN_SIDE / small), _MAX_SIDE // large))
    image = np.ascontiguousarray(image)
    if factor > 1:
        size = image.shape[1] * factor, image.shape[0] * factor
        image = cv2.resize(image, size, interpolation=cv2.INTER_CUBIC)
    boxes = boxes * factor
    sides = np.minimum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
    widths = np.rint(sides * _LINE_SHARE).clip(1 + (sides >= _TINY), _THICKEST)
    return draw_boxes(image, boxes, np.rint(colors), widths)


def _class_color(
    label: int, colors: Sequence[tuple[int, int, int]] | None
) -> tuple[int, int, int]:
    if colors is not None and label < len(colors):
        return colors[label]
    return palette.to_rgb(palette.nth_color(label))


def _class_colors(
    labels: np.ndarray, colors: Sequence[tuple[int, int, int]] | None
) -> np.ndarray:
    """(N, 3) of (N,) labels."""
    names, rows = np.unique(labels, return_inverse=True)
    table = [_class_color(int(label), colors) for label in names]
    return np.array(table, np.float64).reshape(-1, 3)[rows]


def _class_legend(
    labels: np.ndarray,
    classes: Sequence[str] | None,
    colors: Sequence[tuple[int, int, int]] | None,
) -> list[Entry]:
    """The most frequent classes with their counts; none for a single one."""
    counts = np.bincount(labels, minlength=len(classes or ()))
    if len(counts) < 2:
        return []
    order = np.argsort(-counts, kind='stable')
    order = order[counts[order] > 0]
    legend = []
    for label in order[:_MOST_CLASSES].tolist():
        known = classes is not None and label < len(classes)
        name = classes[label] if known else f'class {label}'
        text = f'{counts[label]} {name}'
        legend.append((text, _class_color(label, colors)))
    rest = counts[order[_MOST_CLASSES:]].sum()
    more = len(order) - _MOST_CLASSES
    text = f'{rest} of {more} other classes'
    return legend + [(text, (255, 255, 255))] * (more > 0)
