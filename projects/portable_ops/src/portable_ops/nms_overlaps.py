"""The overlaps that non-maximum suppression compares."""

from types import ModuleType

import numpy as np
import torch

from portable_ops.sparse_rows import Array


def home_of(array: Array) -> ModuleType:
    """numpy or torch: what is used of them here is spelled alike."""
    return np if isinstance(array, np.ndarray) else torch


def overlaps_above(
    first: Array, second: Array, iou_threshold: float, offset: int
) -> Array:
    """Which pairs of boxes have an IoU above the threshold.

    Args:
        first: (5, ..., A), rows x1, y1, x2, y2 and area.
        second: (5, ..., B), the same.
        iou_threshold, offset: As in :func:`portable_ops.nms.nms`.

    Returns:
        (..., A, B) mask. Exchanged sides give the same, in every bit.
    """
    x1, y1, x2, y2, areas = first[..., None]
    second = second[..., None, :]
    xp = home_of(first)
    width = xp.minimum(x2, second[2])
    width -= xp.maximum(x1, second[0])
    height = xp.minimum(y2, second[3])
    height -= xp.maximum(y1, second[1])
    if offset:
        width += offset
        height += offset
    inter = width.clip(min=0)
    inter *= height.clip(min=0)
    union = areas + second[4]
    union -= inter
    # Two empty boxes: 0 / 0 is NaN, which is above no threshold.
    inter /= union
    return inter > iou_threshold
