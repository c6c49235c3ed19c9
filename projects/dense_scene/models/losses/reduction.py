"""Weights and reduction of box losses, by mmdet's conventions."""

from mmdet.models.losses.utils import weight_reduce_loss
from torch import Tensor

REDUCTIONS = ('none', 'mean', 'sum')


def check_reduction(reduction: str) -> None:
    """Refuse a reduction that mmdet does not have.

    Args:
        reduction (str): 'none', 'mean' or 'sum'.

    Raises:
        ValueError: If it is anything else.
    """
    if reduction not in REDUCTIONS:
        raise ValueError(
            f'reduction must be one of {REDUCTIONS}, but got '
            f"{reduction!r}. mmdet's heads expect 'mean'."
        )


def reduce_box_loss(
    loss: Tensor,
    weight: Tensor | None = None,
    reduction: str = 'mean',
    avg_factor: float | None = None,
) -> Tensor:
    """Weight and reduce a loss per box, (N,), or per coordinate, (N, 4).

    mmdet's ``weight_reduce_loss`` with two additions: the weight may be per
    box or per coordinate whichever the loss is, and the mean over no box is 0
    and not NaN. mmdet's special case for weights that are all zero is not
    needed: a finite loss times 0 is 0, with a gradient of 0.

    Args:
        loss (Tensor): (N,) or (N, 4).
        weight (Tensor, optional): (N,) or (N, 4). Heads pass (N, 4) to losses
            of either kind; for a loss per box it is averaged over the four.
        reduction (str): 'none', 'mean' or 'sum'. Defaults to 'mean'.
        avg_factor (float, optional): Divisor of 'mean' in place of the
            number of elements.

    Returns:
        Tensor: The shape of ``loss`` for 'none', a scalar otherwise.

    Raises:
        ValueError: If the reduction is unknown, or 'sum' with an
            ``avg_factor``.
    """
    check_reduction(reduction)
    if weight is not None and weight.dim() > loss.dim():
        weight = weight.mean(-1)
    elif weight is not None and weight.dim() < loss.dim():
        weight = weight.unsqueeze(-1)
    if loss.numel() == 0 and reduction == 'mean' and avg_factor is None:
        reduction = 'sum'
    return weight_reduce_loss(loss, weight, reduction, avg_factor)
