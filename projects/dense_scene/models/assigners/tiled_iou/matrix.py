"""Objects for priors by IoU, from the matrix of all pairs: for few pairs."""

from typing import NamedTuple

import torch
from torch import Tensor


class MaxIoURule(NamedTuple):
    """When a prior is positive or negative.

    Attributes:
        positive (float): IoU from which a prior gets its best object.
        negative (tuple): A prior is background if its largest IoU is at
            least the first and below the second.
        match_low_quality (bool): Also give each object its best prior.
        min_positive (float): If their IoU is at least this.
        match_all (bool): All its best priors if there are several, else the
            first.
    """

    positive: float
    negative: tuple[float, float]
    match_low_quality: bool = True
    min_positive: float = 0.0
    match_all: bool = True


def assign_by_matrix(
    overlaps: Tensor, rule: MaxIoURule
) -> tuple[Tensor, Tensor]:
    """The object that each prior is assigned to.

    Source: ``mmdet.MaxIoUAssigner.assign_wrt_overlaps``, whose result it
    gives, ties and NaN included, without its loop over objects.

    Args:
        overlaps (Tensor): (M, N), IoU of objects and priors, M and N > 0;
            -1 where the prior is ignored.
        rule (MaxIoURule): Thresholds.

    Returns:
        tuple: (N,) int64, index of the object plus 1, 0 for background and
        -1 for neither; and (N,) the largest IoU.
    """
    most, owners = overlaps.max(0)
    low, high = rule.negative
    gt_inds = ((most >= low) & (most < high)).long() - 1
    gt_inds = torch.where(most >= rule.positive, owners + 1, gt_inds)
    if rule.match_low_quality:
        claims = _claims(overlaps, rule)
        gt_inds = torch.where(claims > 0, claims, gt_inds)
    return gt_inds, most


def _claims(overlaps: Tensor, rule: MaxIoURule) -> Tensor:
    """(N,) the last object, plus 1, whose best prior each is, or 0."""
    best, first = overlaps.max(1)
    number = torch.arange(1, len(best) + 1, device=best.device)
    number = number * (best >= rule.min_positive)
    if not rule.match_all:
        claims = number.new_zeros(overlaps.shape[1])
        return claims.scatter_reduce_(0, first, number, 'amax')
    # Few pairs are an object's best: finding them is less than (M, N) int64.
    row, prior = (overlaps == best[:, None]).nonzero().T
    claims = number.new_zeros(overlaps.shape[1])
    return claims.scatter_reduce_(0, prior, number[row], 'amax')
