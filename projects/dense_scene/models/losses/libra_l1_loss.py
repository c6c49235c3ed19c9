"""Balanced L1 loss as a module."""

from mmdet.registry import MODELS
from torch import Tensor, nn

from .libra_l1_formula import check_libra_l1, libra_l1_loss
from .reduction import check_reduction, reduce_box_loss


@MODELS.register_module()
class LibraL1Loss(nn.Module):
    """Balanced L1 loss whose slope is continuous for every beta.

    Source: Eq. (8) to (10) of `Libra R-CNN
    <https://arxiv.org/abs/1904.02701>`_; the formula is given at
    :func:`dense_scene.models.losses.libra_l1_formula.libra_l1_loss`.

    Differs from ``mmdet.BalancedL1Loss`` for beta != 1 only: there the slope
    of that one is alpha * (1 / beta - 1) at 0, so that it pushes a perfect
    prediction away (beta > 1) or never settles (beta < 1). At beta = 1 the
    two are equal. A weight of shape (N,) counts once per box.

    Args:
        alpha (float): Growth of the slope for small errors. Positive.
            Defaults to 0.5.
        gamma (float): Largest slope. Positive, at most 80 * alpha.
            Defaults to 1.5.
        beta (float): Error from which the loss is linear, in the unit of
            the encoded deltas. Positive. Defaults to 1.0.
        reduction (str): 'none', 'mean' or 'sum'. Defaults to 'mean'.
        loss_weight (float): Factor of the result. Defaults to 1.0.

    Shape:
        pred, target: (N, 4), encoded deltas (``reg_decoded_bbox=False``).
        weight: (N,) or (N, 4). Output: (), or (N, 4) for 'none'; float32 or
        float64. No boxes give 0.

    Raises:
        ValueError: If an argument is out of the range named above.

    Example:
        >>> import torch
        >>> # beyond beta: gamma (x + beta / b) - alpha beta, b = e^3 - 1
        >>> LibraL1Loss()(torch.zeros(1, 4), torch.ones(1, 4))
        tensor(1.0786)
    """

    def __init__(
        self,
        alpha: float = 0.5,
        gamma: float = 1.5,
        beta: float = 1.0,
        reduction: str = 'mean',
        loss_weight: float = 1.0,
    ) -> None:
        super().__init__()
        check_libra_l1(alpha, gamma, beta)
        check_reduction(reduction)
        self.alpha = alpha
        self.gamma = gamma
        self.beta = beta
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
            pred (Tensor): Predicted deltas, (N, 4).
            target (Tensor): Target deltas, (N, 4).
            weight (Tensor, optional): (N,) or (N, 4).
            avg_factor (float, optional): Divisor of the mean.
            reduction_override (str, optional): Reduction of this call.

        Returns:
            Tensor: The reduced, weighted loss.
        """
        loss = libra_l1_loss(pred, target, self.alpha, self.gamma, self.beta)
        return self.loss_weight * reduce_box_loss(
            loss, weight, reduction_override or self.reduction, avg_factor
        )
