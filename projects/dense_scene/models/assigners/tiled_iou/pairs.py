"""Overlaps of boxes, bit by bit those of mmdet."""

from typing import NamedTuple

import torch
from torch import Tensor

# mmdet's guard of the division by the union.
_EPS = 1e-6


class Boxes(NamedTuple):
    """Corners and areas, each (4, ...) and (...), of one floating type."""

    corners: Tensor
    areas: Tensor


def split_boxes(boxes: Tensor, dtype: torch.dtype) -> Boxes:
    """Corners and areas of (N, 4) xyxy boxes.

    Args:
        boxes (Tensor): (N, 4). Its own type is that of the areas' arithmetic.
        dtype (torch.dtype): Type of the result.
    """
    x1, y1, x2, y2 = corners = boxes.t()
    areas = (x2 - x1) * (y2 - y1)
    return Boxes(corners.to(dtype).contiguous(), areas.to(dtype))


def compare_all(others: Boxes, boxes: Boxes, mode: str = 'iou') -> Tensor:
    """(M, N) overlaps of (4, M) and (4, N) boxes, for few pairs.

    ``mode`` as in :func:`pair_overlaps`, with ``boxes`` as the tiled.
    """
    column = Boxes(others.corners[:, :, None], others.areas[:, None])
    return pair_overlaps(column, boxes, mode)


def pair_overlaps(others: Boxes, tiled: Boxes, mode: str = 'iou') -> Tensor:
    """Overlaps of boxes that can be broadcast.

    The operations and their order are those of ``mmdet.bbox_overlaps``, so
    that the result is equal in every bit.

    Args:
        others (Boxes): (4, ...) and (...).
        tiled (Boxes): The same, of a shape that can be broadcast.
        mode (str): 'iou', or the intersection over the area of the 'tiled'
            or of the 'other' box.
    """
    shared = _extent(others, tiled, 0) * _extent(others, tiled, 1)
    if mode == 'iou':
        whole = (others.areas + tiled.areas).sub_(shared).clamp_(min=_EPS)
    else:
        whole = (tiled if mode == 'tiled' else others).areas.clamp(min=_EPS)
    return shared.div_(whole)


def _extent(first: Boxes, second: Boxes, side: int) -> Tensor:
    """Length of the intersection along x (0) or y (1)."""
    low = torch.maximum(first.corners[side], second.corners[side])
    high = torch.minimum(first.corners[side + 2], second.corners[side + 2])
    return high.sub_(low).clamp_(min=0)
