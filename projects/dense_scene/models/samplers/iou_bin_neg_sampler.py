"""Negatives drawn evenly over their IoU."""

from mmdet.models.task_modules import AssignResult, RandomSampler
from mmdet.registry import TASK_UTILS
from torch import Tensor

from ...utils import checks
from .checks import check_overlaps, check_sampler
from .draws import sample_over_ious


@TASK_UTILS.register_module()
class IoUBinNegSampler(RandomSampler):
    """IoU-balanced negatives: as many hard ones as easy ones.

    Source: Eq. (2) of `Libra R-CNN <https://arxiv.org/abs/1904.02701>`_; the
    rule is that of
    :func:`dense_scene.models.samplers.draws.sample_over_ious`. In a
    dense scene hard negatives lie between two neighbors. Positives are
    drawn at random, as in mmdet's ``RandomSampler``; for others name this
    class as ``neg_sampler`` of mmdet's ``CombinedSampler``.

    Differs from ``mmdet.IoUBalancedNegSampler``: the bins end at the largest
    IoU of the negatives, not at that of all boxes, which is 1 where ground
    truth is added, so that two of three bins would share all but the last
    third; what a bin has too few for goes to the other bins in equal parts,
    not to boxes at random; the first image is sampled by the same rule as
    all others (mmdet's changes its ``floor_thr`` from -1 to 0 after it).

    Args:
        num, pos_fraction, neg_pos_ub, add_gt_as_proposals: Of
            ``RandomSampler``. Set the last False for an RPN.
        num_bins (int): Bins from IoU 0 to the largest of a negative.
            Defaults to 3, as in the paper.

    Example:
        >>> sampler = dict(
        ...     type='CombinedSampler',
        ...     num=512,
        ...     pos_fraction=0.25,
        ...     add_gt_as_proposals=True,
        ...     pos_sampler=dict(type='InstanceBalancedSampler'),
        ...     neg_sampler=dict(type='IoUBinNegSampler', num_bins=3),
        ... )
    """

    def __init__(
        self,
        num: int,
        pos_fraction: float,
        neg_pos_ub: float = -1,
        add_gt_as_proposals: bool = True,
        num_bins: int = 3,
        **kwargs: object,
    ) -> None:
        check_sampler(num, pos_fraction, neg_pos_ub)
        super().__init__(
            num, pos_fraction, neg_pos_ub, add_gt_as_proposals, **kwargs
        )
        self.num_bins = checks.positive_integer('num_bins', num_bins)

    def _sample_neg(
        self, assign_result: AssignResult, num_expected: int, **kwargs: object
    ) -> Tensor:
        """Draw ``num_expected`` negatives: indices of boxes, int64."""
        check_overlaps(assign_result, self)
        negatives = (assign_result.gt_inds == 0).nonzero().squeeze(1)
        chosen = sample_over_ious(
            assign_result.max_overlaps[negatives], num_expected, self.num_bins
        )
        return negatives[chosen]
