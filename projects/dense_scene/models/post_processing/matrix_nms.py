"""Matrix NMS of boxes."""

import torch
from mmdet.structures.bbox import bbox_overlaps
from torch import Tensor

from ...utils import checks

KERNELS = ('linear', 'gaussian')
# Rows that are compared with all boxes before them at once: memory grows with
# the number of boxes, not with its square.
_ROWS_AT_ONCE = 1024


@torch.no_grad()
def matrix_nms(
    boxes: Tensor,
    scores: Tensor,
    labels: Tensor,
    kernel: str = 'linear',
    sigma: float = 2.0,
    post_thr: float = 0.0,
    max_num: int = -1,
) -> tuple[Tensor, Tensor]:
    r"""Lower the score of every box by its overlaps, all at once.

    Source: Eq. (4) and (5) of `SOLOv2 <https://arxiv.org/abs/2003.10152>`_,
    for boxes as in PP-YOLO. In the order of falling scores, with the boxes of
    the same label before a box alone,

    .. math::
        s_i' = s_i \min\left(1, \min_{j<i} \frac{f(IoU_{ij})}
            {f(\max_{k<j} IoU_{kj})}\right), \quad
        f(x) = 1 - x \text{ or } e^{-\sigma x^2}

    A box that equals a better one (its own f is 0) lowers no other. No box is
    compared with one whose label differs. Nothing waits for the device but
    the number of kept boxes. mmdet's ``mask_matrix_nms`` is for masks.

    Args:
        boxes (Tensor): (N, 4), xyxy, any unit.
        scores (Tensor): (N, ), at least 0.
        labels (Tensor): (N, ).
        kernel (str): 'linear' or 'gaussian'. Defaults to 'linear'.
        sigma (float): Of the gaussian kernel. Defaults to 2.
        post_thr (float): Only lowered scores above it are kept.
            Defaults to 0.
        max_num (int): At most so many are kept; -1 keeps all.
            Defaults to -1.

    Returns:
        tuple[Tensor, Tensor]: The lowered scores, falling, and the indices of
        their boxes in the input, both (K, ).
    """
    checks.choice('kernel', kernel, KERNELS)
    order = scores.argsort(descending=True, stable=True)
    decay = _decays(boxes[order], labels[order], kernel, sigma)
    lowered = scores[order] * decay.to(scores.dtype)
    kept = lowered > post_thr
    lowered, order = lowered[kept], order[kept]
    lowered, rank = lowered.sort(descending=True, stable=True)
    keep = order[rank]
    return (
        (lowered[:max_num], keep[:max_num])
        if max_num >= 0
        else (lowered, keep)
    )


def _decays(boxes: Tensor, labels: Tensor, kernel: str, sigma: float):
    """What each of (N, 4) boxes, the best first, is multiplied with, (N, )."""
    boxes = boxes if boxes.dtype == torch.float64 else boxes.float()
    decay = boxes.new_ones(len(boxes))
    covered = boxes.new_zeros(len(boxes))  # max IoU with a better box
    for start in range(0, len(boxes), _ROWS_AT_ONCE):
        stop = min(start + _ROWS_AT_ONCE, len(boxes))
        iou = bbox_overlaps(boxes[start:stop], boxes[:stop])
        # Only better boxes, left of the diagonal, of the same label.
        iou = iou.tril(start - 1)
        iou *= labels[start:stop, None] == labels[None, :stop]
        covered[start:stop] = iou.max(dim=1).values
        if kernel == 'linear':
            ratio = (1 - iou) / (1 - covered[:stop])
            ratio = ratio.masked_fill(covered[:stop] >= 1, 1)
        else:
            ratio = (sigma * (covered[:stop].square() - iou.square())).exp()
        decay[start:stop] = ratio.min(dim=1).values.clamp(max=1)
    return decay
