"""What the boxes of a data set contradict, as lines to be read."""

from collections.abc import Callable

import numpy as np

from ..annotation_columns import AnnotationColumns
from .left_out import describe_ignored
from .reach import describe_reaching_out


def describe_contradictions(
    columns: AnnotationColumns, where: Callable[[int], str] | None = None
) -> list[str]:
    """Boxes out of their images, boxes given twice, and too many crowds.

    ``where`` says where the box of a row stands in its file.
    """
    lines = describe_reaching_out(columns, where)
    repeated = find_repeated_boxes(columns)
    if repeated.any():
        row = int(np.argmax(repeated))
        line = (
            f'{repeated.sum()} of {len(repeated)} boxes ({repeated.mean():.1%}'
            ') repeat one of their image and class, '
            f'{columns.describe_box(row)} first'
        )
        if where:
            line += f', {where(row)}'
        lines.append(f'{line}: a detector can find one of each')
    if ignored := describe_ignored(columns.ignored):
        lines.append(ignored)
    return lines


def find_repeated_boxes(columns: AnnotationColumns) -> np.ndarray:
    """Which boxes equal an earlier one of their image and class, (N,) bool.

    Crowds are none, nor equal to one.
    """
    rows = np.flatnonzero(~columns.ignored)
    images = np.repeat(np.arange(len(columns)), columns.counts)[rows]
    labels = columns.labels[rows]
    boxes = columns.boxes[rows] + 0.0  # -0 is 0
    # One number of 64 bits for a box is sorted in a tenth of the time of a
    # row; only boxes whose numbers are equal are compared.
    mixed = (images << 32 | labels).astype(np.uint64)
    for corner in boxes.astype(np.float32).view(np.uint64).T:
        mixed = (mixed * _ODD ^ corner) * _ODD
        mixed ^= mixed >> 32
    ordered = np.sort(mixed)
    twice = ordered[1:][ordered[1:] == ordered[:-1]]
    repeated = np.zeros(len(columns.boxes), bool)
    if len(twice):
        few = np.flatnonzero(np.isin(mixed, twice))
        full = np.column_stack([images[few], labels[few], boxes[few]])
        _, first = np.unique(full, axis=0, return_index=True)
        repeated[rows[few]] = True
        repeated[rows[few[first]]] = False
    return repeated


_ODD = np.uint64(0x9E3779B97F4A7C15)  # spreads low bits over high ones
