"""Boxes that reach out of their images, and what may have caused it."""

from collections.abc import Callable

import numpy as np

from ..annotation_columns import AnnotationColumns

# Programs round corners; what is further out than this is no rounding.
_TOLERANCE = 1.0
# From which share of boxes on a cause is sought in how all were written.
_MANY = 0.1


def find_reaching_out(columns: AnnotationColumns) -> np.ndarray:
    """Which boxes end over a pixel outside of their image, (N,) bool.

    None where the size of the image is not known (0).
    """
    limits = np.repeat(columns.sizes[:, ::-1], columns.counts, axis=0)
    return _reach_out(columns.boxes, limits) & (limits > 0).all(axis=1)


def describe_reaching_out(
    columns: AnnotationColumns,
    where: Callable[[int], str] | None = None,
    few: bool = True,
) -> list[str]:
    """How many there are, the first of them and the likely cause, a line.

    ``where`` says where the box of a row stands in its file. Without ``few``
    nothing is said of a share below that from which on a cause is sought.
    """
    lines = []
    if fractions := _describe_fractions(columns):
        lines.append(fractions)
    mask = find_reaching_out(columns)
    if not mask.any() or not (few or mask.mean() >= _MANY):
        return lines
    row = int(np.argmax(mask))
    images = np.repeat(np.arange(len(columns)), columns.counts)
    line = (
        f'{mask.sum()} of {len(mask)} boxes ({mask.mean():.1%}) reach out of '
        f'their image, {columns.describe_box(row)} first'
    )
    if where:
        line += f', {where(row)}'
    cause = _likely_cause(columns, mask, images)
    if not cause and where:
        cause = '--clip cuts them'
    lines.append(f'{line}: {cause}' if cause else line)
    return lines


def _reach_out(boxes: np.ndarray, limits: np.ndarray) -> np.ndarray:
    over = boxes[:, 2:] > limits + _TOLERANCE
    return (over | (boxes[:, :2] < -_TOLERANCE)).any(axis=1)


def _likely_cause(
    columns: AnnotationColumns, mask: np.ndarray, images: np.ndarray
) -> str:
    """The first explanation under which nothing reaches out any more."""
    concerned = np.unique(images[mask])
    rows = np.isin(images, concerned)
    boxes, sizes = columns.boxes[rows], columns.sizes[images[rows]]
    swapped = _reach_out(boxes, sizes)
    if not swapped.any():
        return (
            f'width and height of {len(concerned)} images seem to be '
            'exchanged, as they are before an EXIF orientation is applied'
        )
    out = columns.boxes[mask]
    limits = columns.sizes[images[mask], ::-1]
    sides = out[:, 2:] - out[:, :2]
    as_corners = (sides > out[:, :2]).all(axis=1) & (
        sides <= limits + _TOLERANCE
    ).all(axis=1)
    if as_corners.all():
        return 'they fit if read as x1, y1, x2, y2, not as x, y, width, height'
    half = np.tile((boxes[:, 2:] - boxes[:, :2]) / 2, 2)
    many = len(out) > _MANY * len(boxes)
    if many and not _reach_out(boxes - half, sizes[:, ::-1]).any():
        return 'they fit if x and y are those of the center of a box'
    return ''


def _describe_fractions(columns: AnnotationColumns) -> str:
    boxes = columns.boxes
    inside = len(boxes) and bool((boxes >= 0).all() and (boxes <= 1).all())
    if inside and columns.sizes.max(initial=0) > 8:
        return (
            f'all {len(boxes)} boxes lie within one pixel: they seem to be '
            'fractions of the image'
        )
    return ''
