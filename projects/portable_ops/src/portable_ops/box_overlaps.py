"""IoU of boxes and groups of suppressed boxes, as mmcv computes them."""

import math

import numpy as np
import torch
from torch import Tensor

from portable_ops.arguments import check_arguments
from portable_ops.dtypes import compute_dtype
from portable_ops.soft_nms_pairs import find_neighbors


def bbox_overlaps(
    boxes: Tensor,
    others: Tensor,
    mode: str = 'iou',
    aligned: bool = False,
    offset: int = 0,
) -> Tensor:
    """Overlap of each pair, or of the pairs of equal index.

    Args:
        boxes: (N, 4), xyxy.
        others: (M, 4); N = M if ``aligned``.
        mode: 'iou', or 'iof', the intersection over the area of ``boxes``.
        offset: 1 where a box of pixels x1 to x2 is x2 - x1 + 1 wide.

    Returns:
        (N, M), or (N,) if ``aligned``.
    """
    check_arguments('bbox_overlaps', boxes=boxes, others=others)
    if aligned and len(boxes) != len(others):
        raise ValueError(
            f'others must be ({len(boxes)}, 4) as boxes, but got '
            f'{tuple(others.shape)}.'
        )
    first = boxes if aligned else boxes[:, None]
    low = torch.maximum(first[..., :2], others[..., :2])
    high = torch.minimum(first[..., 2:], others[..., 2:])
    shared = (high - low + offset).clamp(min=0).prod(dim=-1)
    area, other_area = (
        (b[..., 2:] - b[..., :2] + offset).prod(dim=-1)
        for b in (first, others)
    )
    whole = area + other_area - shared if mode == 'iou' else area
    return shared / whole.clamp(min=offset)


def nms_match(dets: Tensor, iou_threshold: float) -> list[list[int]]:
    """Each kept box with those that it suppresses.

    Args:
        dets: (N, 5), xyxy and score.
        iou_threshold: A box of this IoU or more with a better one joins the
            group of that one. NMS, in mmcv, takes only those above it.

    Returns:
        Indices of each group, the kept box first and the rest by falling
        score; groups by falling score of the kept box.

    Raises:
        RuntimeError: In ``torch.jit.trace`` and ``torch.export``, whose
            program would answer with the groups of the example: no operator
            of torch returns a number of tensors that depends on values.
            ``torch.compile`` leaves it to Python.
    """
    check_arguments('nms_match', dets=dets)
    if torch.jit.is_tracing() or _is_exporting():
        raise RuntimeError(
            'nms_match must be called outside of torch.jit.trace and '
            'torch.export: the number of its groups depends on the boxes.'
        )
    order = dets[:, 4].sort(descending=True).indices
    sorted_dets = dets.detach()[order]
    order = order.cpu().numpy()
    groups = _by_pairs(sorted_dets, iou_threshold)
    if groups is None:
        groups = _by_rows(sorted_dets[:, :4], iou_threshold)
    return [order[group].tolist() for group in groups]


def _by_pairs(dets: Tensor, iou_threshold: float) -> list[list[int]] | None:
    """By the boxes that overlap enough, if these can be told."""
    boxes = dets.to('cpu', compute_dtype(dets)).numpy().T.copy()
    boxes[4] = (boxes[2] - boxes[0]) * (boxes[3] - boxes[1])
    plain = math.isfinite(boxes.sum()) and boxes[4].min(initial=1) > 0
    if len(dets) == 0 or not plain or not iou_threshold > 0:
        return None
    neighbors = find_neighbors(boxes, iou_threshold, 0)
    if neighbors is None:
        return None
    starts = neighbors.starts.tolist()
    free, groups = np.ones(len(dets), bool), []
    for best, start, stop in zip(range(len(dets)), starts, starts[1:]):
        if free[best]:
            near = neighbors.boxes[start:stop]
            taken = near[(near > best) & free[near]]
            taken.sort()
            free[taken] = False
            groups.append([best, *taken.tolist()])
    return groups


def _by_rows(boxes: Tensor, iou_threshold: float) -> list[list[int]]:
    free = torch.ones(len(boxes), dtype=torch.bool, device=boxes.device)
    groups = []
    for best in range(len(boxes)):
        if free[best]:
            overlaps = bbox_overlaps(boxes[best : best + 1], boxes)[0]
            taken = free & (overlaps >= iou_threshold)
            taken[: best + 1] = False
            free &= ~taken
            groups.append([best, *taken.nonzero().flatten().tolist()])
    return groups


def _is_exporting() -> bool:
    # New in torch 2.7; before, ``numpy()`` is where an export ends.
    return getattr(torch.compiler, 'is_exporting', bool)()
