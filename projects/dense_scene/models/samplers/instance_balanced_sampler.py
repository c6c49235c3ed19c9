"""A sampler that passes over no object."""

import warnings

from mmdet.models.task_modules import AssignResult, RandomSampler
from mmdet.registry import TASK_UTILS
from torch import Tensor

from ...utils import checks
from .checks import check_overlaps, check_sampler
from .draws import FILLS, positives_needed, sample_positives


@TASK_UTILS.register_module()
class InstanceBalancedSampler(RandomSampler):
    """Every object gets positives before any gets many.

    For RPN and RoI heads alike. By the rule of
    :func:`dense_scene.models.samplers.draws.sample_positives` each object
    gets ``min_pos_per_object`` of its positives, or all if it has fewer; the
    rest of ``pos_fraction * num`` is filled by IoU. Where that is not enough
    there are more positives, at the cost of negatives; only where ``num`` is
    not enough some objects get fewer, by chance, and a warning says so.
    The IoU is the assigner's ``max_overlaps``, for a low-quality match
    perhaps that with a neighbor. Negatives are drawn at random, as in
    mmdet's ``RandomSampler``; for others name this class as ``pos_sampler``
    of mmdet's ``CombinedSampler``.

    Differs from ``mmdet.InstanceBalancedPosSampler`` (Libra R-CNN), which
    takes the same number of each object but then drops samples at random
    until the quota is met, so that in dense scenes objects lose theirs; it
    also fills up with boxes that it has already. The result of
    ``RandomSampler`` is the same where there are no more positives than
    ``pos_fraction * num``.

    Args:
        num, pos_fraction, neg_pos_ub: Of ``RandomSampler``.
        add_gt_as_proposals (bool): Whether the objects themselves are
            candidates, used last. Set False for an RPN. Defaults to True.
        min_pos_per_object (int): Positives that each object is to get.
            ``num`` should leave room for negatives: with 256 samples and 147
            objects there are 109 of them at 1 and none at 2. Defaults to 1.
        fill (str): What the rest of the quota is filled with: 'iou', the
            best-fitting positives first, or 'random'. Defaults to 'iou'.
    """

    def __init__(
        self,
        num: int,
        pos_fraction: float,
        neg_pos_ub: float = -1,
        add_gt_as_proposals: bool = True,
        min_pos_per_object: int = 1,
        fill: str = 'iou',
        **kwargs: object,
    ) -> None:
        check_sampler(num, pos_fraction, neg_pos_ub)
        super().__init__(
            num, pos_fraction, neg_pos_ub, add_gt_as_proposals, **kwargs
        )
        self.min_pos_per_object = checks.positive_integer(
            'min_pos_per_object', min_pos_per_object
        )
        self.fill = checks.choice('fill', fill, FILLS)

    def _sample_pos(
        self, assign_result: AssignResult, num_expected: int, **kwargs: object
    ) -> Tensor:
        """Draw positives: indices of boxes, int64.

        Args:
            assign_result (AssignResult): Of n boxes, those of the added
                ground truth first.
            num_expected (int): ``pos_fraction * num``.
        """
        check_overlaps(assign_result, self)
        gt_inds = assign_result.gt_inds
        positives = (gt_inds > 0).nonzero().squeeze(1)
        num_copies = assign_result.num_gts if self.add_gt_as_proposals else 0
        objects = gt_inds[positives]
        if len(positives) > self.num:
            self._warn_of_too_few(objects)
        chosen = sample_positives(
            objects,
            assign_result.max_overlaps[positives],
            quota=num_expected,
            limit=self.num,
            min_per_object=self.min_pos_per_object,
            fill=self.fill,
            copies=positives < num_copies,
        )
        return positives[chosen]

    def _warn_of_too_few(self, objects: Tensor) -> None:
        """Say, once per sampler size, that it cannot do what it promises."""
        if positives_needed(objects, self.min_pos_per_object) > self.num:
            warnings.warn(
                f'num={self.num} samples are fewer than min_pos_per_object='
                f'{self.min_pos_per_object} for each object of an image, so '
                'that some get fewer or none. Raise num of '
                'InstanceBalancedSampler.',
                stacklevel=2,
            )
