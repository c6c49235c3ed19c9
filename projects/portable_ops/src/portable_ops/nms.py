"""Non-maximum suppression."""

import numpy as np
import torch
from torch import Tensor

from portable_ops.dtypes import compute_dtype
from portable_ops.torchvision_kernels import torchvision_kernels

# Boxes that are settled at a time. On the CPU the comparison of a block with
# thousands of boxes then stays in the second-level cache; on CUDA larger
# blocks mean fewer waits for the device.
_CPU_BLOCK = 64
_CUDA_BLOCK = 1024


def nms(
    boxes: Tensor, scores: Tensor, iou_threshold: float, offset: int = 0
) -> Tensor:
    """Drop every box that overlaps a kept box of a higher score too much.

    Source: greedy NMS as in mmcv, whose indices and order it reproduces; of
    equal scores the first comes first. Works block by block on the boxes in
    order of score: a block is settled by itself, then the boxes it suppresses
    leave the list. Memory grows with the number of boxes, not its square.

    Args:
        boxes: (N, 4), xyxy, pixels. fp16 and bf16 are computed in fp32.
        scores: (N,).
        iou_threshold: A box is dropped if its IoU is above, not at, this.
        offset: 0, or 1 where x2 and y2 are the last pixel of the box.

    Returns:
        (K,) int64 indices of the kept boxes by descending score; no box
        gives no index.
    """
    if boxes.numel() == 0:
        return boxes.new_empty(0, dtype=torch.long)
    boxes = boxes.to(compute_dtype(boxes))
    kernels = torchvision_kernels(boxes.device)
    if kernels is not None and offset == 0:
        # torchvision compares in double, mmcv in float.
        return kernels.nms(
            boxes, scores.to(boxes.dtype), float(np.float32(iou_threshold))
        )
    order = scores.sort(descending=True, stable=True).indices
    x1, y1, x2, y2 = corners = boxes[order].t()
    areas = (x2 - x1 + offset) * (y2 - y1 + offset)
    todo = torch.cat([corners, areas[None]])
    block_size = _CUDA_BLOCK if boxes.is_cuda else _CPU_BLOCK
    kept = []
    while len(order):
        block = todo[:, :block_size]
        keep = _settle(_overlaps(block, block, iou_threshold, offset))
        kept.append(order[:block_size][keep])
        todo, order = todo[:, block_size:], order[block_size:]
        hit = _overlaps(block[:, keep], todo, iou_threshold, offset).any(0)
        todo, order = todo[:, ~hit], order[~hit]
    return torch.cat(kept)


def _overlaps(
    first: Tensor, second: Tensor, iou_threshold: float, offset: int
) -> Tensor:
    """(A, B) mask of pairs whose IoU is above the threshold.

    Args:
        first, second: (5, A) and (5, B), rows x1, y1, x2, y2 and area.
    """
    x1, y1, x2, y2, areas = first[:, :, None]
    width = torch.minimum(x2, second[2]).sub_(torch.maximum(x1, second[0]))
    height = torch.minimum(y2, second[3]).sub_(torch.maximum(y1, second[1]))
    if offset:
        width += offset
        height += offset
    inter = width.clamp_(min=0).mul_(height.clamp_(min=0))
    union = (areas + second[4]).sub_(inter)
    return inter.div_(union) > iou_threshold


def _settle(overlaps: Tensor) -> Tensor:
    """Which boxes of a block, by descending score, survive each other.

    The answer is the one fixed point of "kept if no kept box before it
    overlaps it". Iterating from "all kept" settles at least one more box
    each time, in practice nearly all in a few rounds.

    Args:
        overlaps: (B, B) symmetric mask.

    Returns:
        (B,) mask.
    """
    earlier = overlaps.triu(1).float()
    keep = overlaps.new_ones(len(overlaps))
    while True:
        settled = keep.float() @ earlier == 0
        if torch.equal(settled, keep):
            return keep
        keep = settled
