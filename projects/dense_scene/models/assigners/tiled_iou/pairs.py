"""Boxes as corners and areas, and overlaps equal in every bit to mmdet's."""

from typing import NamedTuple

import torch
from torch import Tensor

# mmdet's guard of the division by the union.
_EPS = 1e-6


class Boxes(NamedTuple):
    """Corners and areas, (4, ...) and (...), of one floating type."""

    corners: Tensor
    areas: Tensor

    def finite(self) -> Tensor:
        """(...) mask of those whose corners and area are finite."""
        return self.corners.isfinite().all(0) & self.areas.isfinite()


def split_boxes(boxes: Tensor, dtype: torch.dtype) -> Boxes:
    """Corners and areas of (N, 4) xyxy boxes, in ``dtype``.

    The arithmetic of the areas is that of the boxes' own type, as in mmdet.
    """
    x1, y1, x2, y2 = corners = boxes.t()
    areas = (x2 - x1) * (y2 - y1)
    return Boxes(corners.to(dtype).contiguous(), areas.to(dtype))


def empty_boxes(like: Tensor, num: int) -> Boxes:
    """Boxes from +inf to -inf: they overlap nothing, inf included, and widen
    no rectangle. Their area of 1 keeps the division finite."""
    corners = like.new_full((4, num), torch.inf)
    corners[2:] = -torch.inf
    return Boxes(corners, like.new_ones(num))


def append_empty(boxes: Boxes, num: int) -> Boxes:
    """(4, N) and (N,) boxes, and some that overlap nothing."""
    more = empty_boxes(boxes.areas, num)
    return Boxes(
        torch.cat([boxes.corners, more.corners], 1),
        torch.cat([boxes.areas, more.areas]),
    )


def take(boxes: Boxes, index: Tensor) -> Boxes:
    """Boxes at an index along the first dimension after the corners'."""
    shape = (*index.shape, *boxes.areas.shape[1:])
    flat = index.flatten()
    return Boxes(
        boxes.corners.index_select(1, flat).view(4, *shape),
        boxes.areas.index_select(0, flat).view(shape),
    )


def compare_all(others: Boxes, boxes: Boxes, mode: str = 'iou') -> Tensor:
    """(M, N) overlaps of (4, M) and (4, N) boxes, for few pairs.

    ``mode`` as in :func:`pair_overlaps`, with ``boxes`` as the tiled.
    """
    column = Boxes(others.corners[:, :, None], others.areas[:, None])
    return pair_overlaps(column, boxes, mode)


def pair_overlaps(others: Boxes, tiled: Boxes, mode: str = 'iou') -> Tensor:
    """Overlaps of boxes that can be broadcast.

    The operations and their order are those of ``mmdet.bbox_overlaps``.

    Args:
        others (Boxes): (4, ...) and (...).
        tiled (Boxes): The same, of a shape that can be broadcast.
        mode (str): 'iou', or the intersection over the area of the 'tiled'
            or of the 'other' box.
    """
    intersection = _extent(others, tiled, 0) * _extent(others, tiled, 1)
    if mode == 'iou':
        areas = (others.areas + tiled.areas).sub_(intersection)
        return intersection.div_(areas.clamp_(min=_EPS))
    areas = (tiled if mode == 'tiled' else others).areas
    return intersection.div_(areas.clamp(min=_EPS))


def _extent(first: Boxes, second: Boxes, side: int) -> Tensor:
    """Length of the intersection along x (0) or y (1)."""
    low = torch.maximum(first.corners[side], second.corners[side])
    high = torch.minimum(first.corners[side + 2], second.corners[side + 2])
    return high.sub_(low).clamp_(min=0)
