"""What the box losses share: number format, weights and reduction."""

import torch
from mmdet.models.losses.utils import weight_reduce_loss
from torch import Tensor, nn

from ...utils import checks

REDUCTIONS = ('none', 'mean', 'sum')


class RegressionLoss(nn.Module):
    """Base of losses that compare boxes, or encoded deltas, pair by pair.

    A child gives :meth:`unreduced`; weights and reductions are mmdet's.
    Differs from mmdet's ``weighted_loss``: a weight may be per box or per
    number whichever the loss is, the mean over no box is 0 and not NaN, and
    float16, bfloat16 and integers are computed in float32. Box areas overflow
    float16 from 256 x 256 pixels on, bfloat16 has three digits, and autocast
    leaves elementwise operations in the precision chosen here.

    Args:
        reduction (str): 'none', 'mean' or 'sum'. Defaults to 'mean'.
        loss_weight (float): Factor of the result. Defaults to 1.0.
    """

    def __init__(
        self, reduction: str = 'mean', loss_weight: float = 1.0
    ) -> None:
        super().__init__()
        self.reduction = checks.choice('reduction', reduction, REDUCTIONS)
        self.loss_weight = loss_weight

    def unreduced(self, pred: Tensor, target: Tensor) -> Tensor:
        """The loss of each box, (N,), or of each number, (N, 4)."""
        raise NotImplementedError

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
            pred, target (Tensor): Boxes or deltas, (N, 4).
            weight (Tensor, optional): (N,) or (N, 4), as heads pass it; for
                a loss per box it is averaged over the four.
            avg_factor (float, optional): Divisor of the mean.
            reduction_override (str, optional): Reduction of this call.

        Returns:
            Tensor: The reduced, weighted loss, float32 or float64.
        """
        options = (None, *REDUCTIONS)
        checks.choice('reduction_override', reduction_override, options)
        if pred.shape != target.shape:
            shapes = f'{tuple(pred.shape)} and {tuple(target.shape)}'
            raise ValueError(f'boxes must have one shape, but got {shapes}.')
        loss = self.unreduced(*_at_least_float32(pred, target))
        reduction = reduction_override or self.reduction
        return self.loss_weight * _reduce(loss, weight, reduction, avg_factor)


def _at_least_float32(pred: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Both in their common type; gradients flow back to the originals."""
    dtype = torch.promote_types(pred.dtype, target.dtype)
    dtype = torch.promote_types(dtype, torch.float32)
    return pred.to(dtype), target.to(dtype)


def _reduce(
    loss: Tensor,
    weight: Tensor | None,
    reduction: str,
    avg_factor: float | None,
) -> Tensor:
    if weight is not None and weight.dim() > loss.dim():
        weight = weight.mean(-1)
    elif weight is not None and weight.dim() < loss.dim():
        weight = weight.unsqueeze(-1)
    if loss.numel() == 0 and reduction == 'mean' and avg_factor is None:
        reduction = 'sum'
    return weight_reduce_loss(loss, weight, reduction, avg_factor)
