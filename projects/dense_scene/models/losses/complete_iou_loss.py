"""Complete IoU loss."""

import math

import torch
from mmdet.registry import MODELS
from torch import Tensor

from ...utils import checks
from .regression_loss import RegressionLoss

ALPHA_RULES = ('ungated', 'gated')


def complete_iou_loss(
    pred: Tensor, target: Tensor, gated: bool = False, eps: float = 1e-6
) -> Tensor:
    r"""Complete IoU loss of each predicted box and its target.

    Source: Eq. (9) to (12) of `Distance-IoU Loss
    <https://arxiv.org/abs/1911.08287>`_; written from the paper.

    .. math::
        L = 1 - IoU + \frac{\rho^2}{c^2} + \alpha v, \quad
        v = \frac{4}{\pi^2} \left(\arctan\frac{w_t}{h_t}
            - \arctan\frac{w}{h}\right)^2, \quad
        \alpha = \frac{v}{1 - IoU + v}

    rho is the distance of the centers, c the diagonal of the smallest box
    around both. ``alpha`` is a constant for the gradient, as in the source;
    the gradient of v is the true one, with the 1 / (w^2 + h^2) that the
    source's authors left out of their program (mmdet, detectron2 and
    PaddleDetection keep it too). Eq. (2) of the dense-scene paper prints
    ``- rho^2 / c^2``, which would reward distance; it is read as a misprint.

    Value and gradient are finite for every pair of boxes with coordinates up
    to 1e9, and both are 0 for equal boxes (the loss to within eps / area). An
    inverted box (x2 < x1) has no width. Where neither box has an area IoU is
    0, and it has no gradient; neither has v where the prediction is a point.
    Where edges touch the gradient is that of boxes that are just apart.

    Args:
        pred (Tensor): Predicted boxes (N, 4), xyxy, pixels or any other unit,
            float32 or float64.
        target (Tensor): Target boxes, the same shape, unit and type.
        gated (bool): Whether alpha = 0 where IoU <= 0.5, as in mmdet; else
            the equation above (the paper, PaddleDetection, detectron2).
            Defaults to False.
        eps (float): Added to the union and to c^2 (unit squared) and to the
            heights (unit), as in mmdet. Defaults to 1e-6.

    Returns:
        Tensor: Loss (N,), from 0 to 2.5.
    """
    size_p = (pred[..., 2:] - pred[..., :2]).clamp(min=0)
    size_t = (target[..., 2:] - target[..., :2]).clamp(min=0)
    one_minus_iou, iou = _one_minus_iou(pred, target, size_p, size_t, eps)
    distance = _center_distance(pred, target, eps)
    v = _shape_difference(size_p, size_t, eps)
    with torch.no_grad():
        # 1 - IoU > 0 by construction, also for equal boxes: never 0 / 0.
        alpha = v / (one_minus_iou + v)
        if gated:
            alpha = alpha * (iou > 0.5)
    return one_minus_iou + distance + alpha * v


def _one_minus_iou(
    pred: Tensor, target: Tensor, size_p: Tensor, size_t: Tensor, eps: float
) -> tuple[Tensor, Tensor]:
    """1 - IoU without cancellation, and IoU itself; both (N,)."""
    top_left = torch.max(pred[..., :2], target[..., :2])
    bottom_right = torch.min(pred[..., 2:], target[..., 2:])
    # Edges that touch are apart, for the overlap and for the rest alike: a
    # slope of one side each would belong to neither.
    meets = bottom_right > top_left
    common = torch.where(meets, bottom_right - top_left, 0)
    intersection = _area(common)
    union = _area(size_p) + _area(size_t) - intersection + eps
    # 1 - intersection / union loses its digits as the boxes meet. The area
    # outside the intersection is summed strip by strip instead, each from
    # differences of near coordinates, which are exact and never negative.
    outside = torch.zeros_like(union)
    for box, size in ((pred, size_p), (target, size_t)):
        rest = (top_left - box[..., :2]) + (box[..., 2:] - bottom_right)
        rest = torch.where(meets, rest, size)
        outside = (
            outside
            + size[..., 0] * rest[..., 1]
            + rest[..., 0] * common[..., 1]
        )
    result = (outside + eps) / union
    # Nothing outside: equal boxes, a kink whose middle slope is 0, or boxes
    # without area, whose slope would be side / eps.
    result = torch.where(outside > 0, result, result.detach())
    return result, intersection / union


def _area(size: Tensor) -> Tensor:
    return size[..., 0] * size[..., 1]


def _center_distance(pred: Tensor, target: Tensor, eps: float) -> Tensor:
    """rho^2 / c^2, (N,), at most 1."""
    # Corner by corner, because differences of near numbers are exact.
    offset = target - pred
    rho = (offset[..., :2] + offset[..., 2:]) / 2
    enclosing = (
        torch.max(pred[..., 2:], target[..., 2:])
        - torch.min(pred[..., :2], target[..., :2])
    ).clamp(min=0)
    distance = rho.square().sum(-1) / (enclosing.square().sum(-1) + eps)
    # Only an inverted prediction can exceed 1; mmdet clips it here too.
    return distance.clamp(max=1)


def _shape_difference(size_p: Tensor, size_t: Tensor, eps: float) -> Tensor:
    """v, (N,)."""
    # atan2(w, h) is arctan(w / h) here, without the overflow at h = 0.
    angle_p = torch.atan2(size_p[..., 0], size_p[..., 1] + eps)
    angle_t = torch.atan2(size_t[..., 0], size_t[..., 1] + eps)
    # A point has no shape; its slope would be 1 / eps.
    is_point = (size_p == 0).all(-1)
    angle_p = torch.where(is_point, angle_p.detach(), angle_p)
    return 4 / math.pi**2 * (angle_t - angle_p).square()


@MODELS.register_module()
class CompleteIoULoss(RegressionLoss):
    """CIoU loss: 1 - IoU + center distance + difference of aspect ratio.

    Source and formula: :func:`complete_iou_loss`.

    Differs from ``mmdet.CIoULoss``: value and gradient are finite where that
    one is NaN (a box equal to its target, and now and then one close to it);
    float16 and bfloat16 boxes are computed in float32; and alpha is not
    gated by IoU > 0.5 unless wanted. With ``alpha_rule='gated'`` it gives
    mmdet's values wherever those are finite.

    It compares boxes, so the head needs ``reg_decoded_bbox=True``; a head
    without it is refused when it is built. PaddleDetection uses
    ``loss_weight=10.0``, mmdet 12.0.

    Args:
        alpha_rule (str): 'ungated' (paper, PaddleDetection) or 'gated'
            (mmdet). Defaults to 'ungated'.
        eps (float): Guard of the divisions, positive. Defaults to 1e-6.
        reduction, loss_weight: Of :class:`RegressionLoss`.

    Shape:
        pred, target: (N, 4), xyxy, pixels. weight: (N,) or (N, 4). Output:
        (), or (N,) for 'none'. No boxes give 0.

    Example:
        >>> # IoU = 2 / 6, rho^2 = 1, c^2 = 2^2 + 3^2: 2/3 + 1/13
        >>> CompleteIoULoss()(
        ...     torch.tensor([[0.0, 0.0, 2.0, 2.0]]),
        ...     torch.tensor([[0.0, 1.0, 2.0, 3.0]]),
        ... )
        tensor(0.7436)
    """

    def __init__(
        self,
        alpha_rule: str = 'ungated',
        eps: float = 1e-6,
        reduction: str = 'mean',
        loss_weight: float = 1.0,
    ) -> None:
        super().__init__(reduction, loss_weight)
        self.alpha_rule = checks.choice('alpha_rule', alpha_rule, ALPHA_RULES)
        self.eps = checks.number('eps', eps, '(0, inf)')

    def unreduced(self, pred: Tensor, target: Tensor) -> Tensor:
        """Loss of each box, (N,)."""
        gated = self.alpha_rule == 'gated'
        return complete_iou_loss(pred, target, gated, self.eps)
