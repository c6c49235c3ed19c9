"""Complete IoU loss as a module."""

import math

from mmdet.registry import MODELS
from torch import Tensor, nn

from .complete_iou_formula import check_alpha_rule, complete_iou_loss
from .reduction import check_reduction, reduce_box_loss


@MODELS.register_module()
class CompleteIoULoss(nn.Module):
    """CIoU loss: 1 - IoU + centre distance + difference of aspect ratio.

    Source: Eq. (9) to (12) of `Distance-IoU Loss
    <https://arxiv.org/abs/1911.08287>`_; the formula, its gradient and the
    misprint in the dense-scene paper are described at
    :func:`dense_scene.models.losses.complete_iou_formula.complete_iou_loss`.

    Differs from ``mmdet.CIoULoss``: value and gradient are finite where that
    one is NaN (a box equal to its target, and now and then one close to it);
    float16 and bfloat16 boxes are computed in float32; and alpha is not
    gated by IoU > 0.5 unless asked for. With ``alpha_rule='gated'`` it gives
    mmdet's values wherever those are finite.

    It compares boxes, so the head needs ``reg_decoded_bbox=True``; a head
    without it is refused when it is built. PaddleDetection uses
    ``loss_weight=10.0``, mmdet 12.0.

    Args:
        alpha_rule (str): 'ungated' (paper, PaddleDetection) or 'gated'
            (mmdet). Defaults to 'ungated'.
        eps (float): Guard of the divisions, see the function. Positive.
            Defaults to 1e-6.
        reduction (str): 'none', 'mean' or 'sum'. Defaults to 'mean'.
        loss_weight (float): Factor of the result. Defaults to 1.0.

    Shape:
        pred, target: (N, 4), xyxy, pixels. weight: (N,) or (N, 4), which is
        averaged to (N,). Output: (), or (N,) for 'none'; float32 or float64.
        No boxes give 0.

    Raises:
        ValueError: If an argument is not one of those named above.

    Example:
        >>> import torch
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
        super().__init__()
        check_alpha_rule(alpha_rule)
        check_reduction(reduction)
        if not 0 < eps < math.inf:
            raise ValueError(
                f'eps must be a positive number, but got {eps}. '
                'Leave it at 1e-6 for boxes in pixels.'
            )
        self.alpha_rule = alpha_rule
        self.eps = eps
        self.reduction = reduction
        self.loss_weight = loss_weight

    def forward(
        self,
        pred: Tensor,
        target: Tensor,
        weight: Tensor | None = None,
        avg_factor: float | None = None,
        reduction_override: str | None = None,
    ) -> Tensor:
        """Compute the loss.

        Args:
            pred (Tensor): Predicted boxes, (N, 4), xyxy.
            target (Tensor): Target boxes, (N, 4), xyxy.
            weight (Tensor, optional): (N,) or (N, 4).
            avg_factor (float, optional): Divisor of the mean.
            reduction_override (str, optional): Reduction of this call.

        Returns:
            Tensor: The reduced, weighted loss.
        """
        loss = complete_iou_loss(pred, target, self.alpha_rule, self.eps)
        return self.loss_weight * reduce_box_loss(
            loss, weight, reduction_override or self.reduction, avg_factor
        )
