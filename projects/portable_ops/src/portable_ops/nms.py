"""Non-maximum suppression."""

import numpy as np
import torch
from torch import Tensor

from portable_ops.arguments import check_arguments
from portable_ops.dtypes import compute_dtype
from portable_ops.nms_overlaps import home_of, overlaps_above
from portable_ops.nms_tiles import suppress_by_pairs
from portable_ops.opaque import opaque, unknown_size
from portable_ops.sparse_rows import Array, as_array
from portable_ops.torchvision_kernels import torchvision_kernels

# Boxes that are settled at a time. On the CPU the comparison of a block with
# thousands of boxes then stays in the second-level cache; on CUDA larger
# blocks mean fewer waits for the device.
_CPU_BLOCK = 64
_CUDA_BLOCK = 1024
# How many boxes are sorted by place: with fewer it is not worth its time,
# with more the table of which tiles touch, a byte for each two, gets large.
_BY_PAIRS = range(1200, 50_000)


def _fake_nms(boxes, scores, iou_threshold, offset=0):
    return boxes.new_empty(unknown_size(), dtype=torch.long)


@opaque(
    'nms(Tensor boxes, Tensor scores, float iou_threshold, int offset=0)'
    ' -> Tensor',
    _fake_nms,
)
def nms(
    boxes: Tensor, scores: Tensor, iou_threshold: float, offset: int = 0
) -> Tensor:
    """Drop every box that overlaps a kept box of a higher score too much.

    Source: greedy NMS as in mmcv, whose indices and order it reproduces.
    Many boxes on the CPU that are spread over the image are compared with
    those near them (:mod:`portable_ops.nms_tiles`). Else it works block by
    block on the boxes in order of score: a block is settled by itself, then
    the boxes it suppresses leave the list, in time that grows with the boxes
    times those that are kept. Memory grows with the number of boxes, not its
    square, in both.

    Args:
        boxes: (N, 4), xyxy, pixels. fp16 and bf16 are computed in fp32.
        scores: (N,).
        iou_threshold: A box is dropped if its IoU is above, not at, this.
        offset: 0, or 1 where x2 and y2 are the last pixel of the box.

    Returns:
        (K,) int64 indices of the kept boxes by descending score; no box
        gives no index.
    """
    check_arguments('nms', boxes=boxes, scores=scores)
    if boxes.numel() == 0:
        return boxes.new_empty(0, dtype=torch.long)
    boxes = boxes.detach().to(compute_dtype(boxes))
    kernels = torchvision_kernels(boxes.device)
    # As a float32 like mmcv's: 0.6 becomes a little more.
    threshold = float(np.float32(iou_threshold))
    if kernels is not None and offset == 0:
        return kernels.nms(boxes, scores.to(boxes.dtype), threshold)
    # Not a stable sort, because mmcv's is none: only the same call puts
    # equal scores in the same order.
    order = scores.sort(descending=True).indices
    x1, y1, x2, y2 = corners = boxes[order].t()
    areas = (x2 - x1 + offset) * (y2 - y1 + offset)
    todo = torch.cat([corners, areas[None]])
    if not boxes.is_cuda and len(boxes) in _BY_PAIRS:
        keep = suppress_by_pairs(todo.numpy(), threshold, offset)
        if keep is not None:
            return order[torch.from_numpy(keep)]
    block = _CUDA_BLOCK if boxes.is_cuda else _CPU_BLOCK
    return torch.as_tensor(
        _suppress(as_array(todo), as_array(order), threshold, offset, block)
    )


def _suppress(
    todo: Array, ranks: Array, iou_threshold: float, offset: int, block: int
) -> Array:
    """The ``ranks`` of the boxes that are kept.

    On the CPU the arrays are numpy's, for the reason in ``sparse_rows``.

    Args:
        todo: (5, N), rows x1, y1, x2, y2 and area, by descending score.
        ranks: (N,), what to return of each box.
        iou_threshold, offset: As in :func:`nms`.
        block: How many boxes to settle at a time.
    """
    xp = home_of(todo)
    kept = []
    with np.errstate(invalid='ignore', divide='ignore'):
        while len(ranks):
            head = todo[:, :block]
            keep = _settle(overlaps_above(head, head, iou_threshold, offset))
            kept.append(ranks[:block][keep])
            todo, ranks = todo[:, block:], ranks[block:]
            hit = overlaps_above(head[:, keep], todo, iou_threshold, offset)
            left = ~hit.any(0)
            todo, ranks = todo[:, left], ranks[left]
    return xp.concatenate(kept)


def _settle(overlaps: Array) -> Array:
    """Which boxes of a block, by descending score, survive each other.

    The answer is the one fixed point of "kept if no kept box before it
    overlaps it". Iterating from "all kept" settles at least one more box
    each time, in practice nearly all in a few rounds.

    Args:
        overlaps: (B, B) symmetric mask.

    Returns:
        (B,) mask.
    """
    xp = home_of(overlaps)
    earlier = xp.triu(overlaps, 1)
    keep = xp.ones_like(overlaps[0])
    while True:
        settled = ~(keep[:, None] & earlier).any(0)
        if bool((settled == keep).all()):
            return keep
        keep = settled
