"""Complete IoU loss of aligned box pairs."""

import math

import torch
from torch import Tensor

from .precision import at_least_float32

ALPHA_RULES = ('ungated', 'gated')


def complete_iou_loss(
    pred: Tensor,
    target: Tensor,
    alpha_rule: str = 'ungated',
    eps: float = 1e-6,
) -> Tensor:
    r"""Complete IoU loss of each predicted box and its target.

    Source: Eq. (9) to (12) of `Distance-IoU Loss
    <https://arxiv.org/abs/1911.08287>`_; written from the paper.

    .. math::
        L = 1 - IoU + \frac{\rho^2}{c^2} + \alpha v, \quad
        v = \frac{4}{\pi^2} \left(\arctan\frac{w_t}{h_t}
            - \arctan\frac{w}{h}\right)^2, \quad
        \alpha = \frac{v}{1 - IoU + v}

    rho is the distance of the centres, c the diagonal of the smallest box
    around both. ``alpha`` is a constant for the gradient, as in the source;
    the gradient of v is the true one, with the 1 / (w^2 + h^2) that the
    source's authors left out of their program (mmdet, detectron2 and
    PaddleDetection keep it too). Eq. (2) of the dense-scene paper prints
    ``- rho^2 / c^2``, which would reward distance; it is read as a misprint.

    Value and gradient are finite for every pair of boxes with coordinates up
    to 1e9, and both are 0 for equal boxes (the loss to within eps / area). A
    box that is inside out (x2 < x1) has no width. Where neither box has an
    area IoU is 0, and it has no gradient; neither has v where the prediction
    is a point. Computed in float32 at the least, also under autocast.

    Args:
        pred (Tensor): Predicted boxes (N, 4), xyxy, pixels or any other unit.
        target (Tensor): Target boxes, the same shape and unit.
        alpha_rule (str): 'ungated' is the equation above (the paper,
            PaddleDetection, detectron2). 'gated' is mmdet's: alpha = 0 where
            IoU <= 0.5. Defaults to 'ungated'.
        eps (float): Added to the union and to c^2 (unit squared) and to the
            heights (unit), as in mmdet. Defaults to 1e-6.

    Returns:
        Tensor: Loss (N,), float32 or float64, from 0 to 2.5; (0,) for no
        boxes.

    Raises:
        ValueError: If the shapes differ or do not end in 4, or if
            ``alpha_rule`` is unknown.
    """
    check_alpha_rule(alpha_rule)
    if pred.shape != target.shape or pred.shape[-1:] != (4,):
        raise ValueError(
            'pred and target must have the same shape (N, 4), but got '
            f'{tuple(pred.shape)} and {tuple(target.shape)}. Pass one xyxy '
            'target box per predicted box.'
        )
    pred, target = at_least_float32(pred, target)
    size_p = (pred[..., 2:] - pred[..., :2]).clamp(min=0)
    size_t = (target[..., 2:] - target[..., :2]).clamp(min=0)

    miss, iou = _one_minus_iou(pred, target, size_p, size_t, eps)
    distance = _centre_distance(pred, target, eps)
    v = _shape_difference(size_p, size_t, eps)
    with torch.no_grad():
        # miss > 0 by construction, also for equal boxes: never 0 / 0.
        alpha = v / (miss + v)
        if alpha_rule == 'gated':
            alpha = alpha * (iou > 0.5)
    return miss + distance + alpha * v


def check_alpha_rule(alpha_rule: str) -> None:
    """Refuse an unknown rule for alpha.

    Args:
        alpha_rule (str): See :func:`complete_iou_loss`.

    Raises:
        ValueError: If it is not 'ungated' or 'gated'.
    """
    if alpha_rule not in ALPHA_RULES:
        raise ValueError(
            f'alpha_rule must be one of {ALPHA_RULES}, but got '
            f"{alpha_rule!r}. Use 'ungated' for the paper's CIoU, 'gated' "
            "for mmdet's."
        )


def _one_minus_iou(
    pred: Tensor, target: Tensor, size_p: Tensor, size_t: Tensor, eps: float
) -> tuple[Tensor, Tensor]:
    """1 - IoU without cancellation, and IoU itself; both (N,)."""
    top_left = torch.max(pred[..., :2], target[..., :2])
    bottom_right = torch.min(pred[..., 2:], target[..., 2:])
    shared = (bottom_right - top_left).clamp(min=0)
    overlap = _area(shared)
    union = _area(size_p) + _area(size_t) - overlap + eps
    # 1 - overlap / union loses its digits as the boxes meet. The area
    # outside the overlap is summed strip by strip instead, each from
    # differences of near coordinates, which are exact and never negative.
    outside = 0
    for box, size in ((pred, size_p), (target, size_t)):
        rest = (top_left - box[..., :2]) + (box[..., 2:] - bottom_right)
        rest = torch.min(rest, size)  # all of it where nothing is shared
        outside = (
            outside
            + size[..., 0] * rest[..., 1]
            + rest[..., 0] * shared[..., 1]
        )
    miss = (outside + eps) / union
    # Nothing outside: equal boxes, a kink whose middle slope is 0, or boxes
    # without area, whose slope would be side / eps.
    return torch.where(outside > 0, miss, miss.detach()), overlap / union


def _area(size: Tensor) -> Tensor:
    return size[..., 0] * size[..., 1]


def _centre_distance(pred: Tensor, target: Tensor, eps: float) -> Tensor:
    """rho^2 / c^2, shape (N,), at most 1."""
    # Corner by corner, because differences of near numbers are exact.
    offset = target - pred
    rho = (offset[..., :2] + offset[..., 2:]) / 2
    enclosing = (
        torch.max(pred[..., 2:], target[..., 2:])
        - torch.min(pred[..., :2], target[..., :2])
    ).clamp(min=0)
    distance = rho.square().sum(-1) / (enclosing.square().sum(-1) + eps)
    # Only an inside-out prediction can exceed 1; mmdet clips it here too.
    return distance.clamp(max=1)


def _shape_difference(size_p: Tensor, size_t: Tensor, eps: float) -> Tensor:
    """v, shape (N,)."""
    # atan2(w, h) is arctan(w / h) here, without the overflow at h = 0.
    angle_p = torch.atan2(size_p[..., 0], size_p[..., 1] + eps)
    angle_t = torch.atan2(size_t[..., 0], size_t[..., 1] + eps)
    # A point has no shape; its slope would be 1 / eps.
    is_point = (size_p == 0).all(-1)
    angle_p = torch.where(is_point, angle_p.detach(), angle_p)
    return 4 / math.pi**2 * (angle_t - angle_p).square()
