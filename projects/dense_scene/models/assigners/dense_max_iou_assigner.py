"""MaxIoUAssigner without the matrix of all pairs."""

import torch
from mmdet.models.task_modules import AssignResult
from mmdet.models.task_modules.assigners import BboxOverlaps2D, MaxIoUAssigner
from mmdet.models.task_modules.assigners.max_iou_assigner import (
    perm_repeat_bboxes,
)
from mmdet.registry import TASK_UTILS
from mmdet.structures.bbox import BaseBoxes, get_box_tensor
from mmengine.structures import InstanceData
from torch import Tensor

from .tiled_iou.assignment import MaxIoURule, assign_max_iou, covered_priors


@TASK_UTILS.register_module()
class DenseMaxIoUAssigner(MaxIoUAssigner):
    """Assign to each prior the object that it overlaps most.

    Source: its parent, ``mmdet.MaxIoUAssigner``, of which it takes the
    arguments and gives the result, equal in every index and, for float32 and
    float64 boxes, in every bit of ``max_overlaps``; low-quality matches,
    ties, ignored regions, boxes without area and NaN included. Use it
    wherever that one is used: RPN, RoI heads, RetinaNet, SSD.

    Differs from it:

    - Only boxes near each other are compared (README.md in ``tiled_iou``).
      Memory grows with priors plus objects and time with the pairs that
      overlap; the stock class makes several matrices of priors times objects.
    - float16 and bfloat16 boxes are compared in float32, and
      ``max_overlaps`` is float32. In float16 the stock class gives IoU 0 or
      NaN to boxes of more than 65,504 square pixels.
    - Thresholds out of order, and a ``neg_iou_thr`` that is neither a float
      nor a tuple, are refused; with them the stock class finds no negatives,
      or makes some priors both, and says nothing.

    Args:
        pos_iou_thr (float): IoU from which a prior is positive.
        neg_iou_thr (float | tuple[float, float]): IoU below which it is
            background; or from the first and below the second.
        min_pos_iou (float): Least IoU of a low-quality match. With 0, the
            stock default, an object that overlaps no prior claims every
            prior that overlaps it with IoU 0: all of them.
        gpu_assign_thr (float): Without effect: the stock class moves to the
            CPU with more objects than this.
        iou_calculator (dict): ``BboxOverlaps2D``, whose arithmetic is built
            in, with its options.
        gt_max_assign_all, ignore_iof_thr, ignore_wrt_candidates,
            match_low_quality, perm_repeat_gt_cfg: Of the stock class.

    Example:
        >>> assigner = DenseMaxIoUAssigner(0.5, 0.5)
        >>> priors = torch.tensor([[0.0, 0, 10, 10], [10, 10, 20, 20]])
        >>> objects = torch.tensor([[0.0, 0, 10, 9]])
        >>> assigner.assign(
        ...     InstanceData(priors=priors),
        ...     InstanceData(bboxes=objects, labels=torch.tensor([0])),
        ... ).gt_inds
        tensor([1, 0])
    """

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        kind = type(self.iou_calculator)
        if kind is not BboxOverlaps2D:
            fault = f'must be BboxOverlaps2D, but got {kind.__name__}'
            raise ValueError(f'iou_calculator {fault}. Use MaxIoUAssigner.')
        self._rule()  # refuses thresholds out of order

    @torch.no_grad()
    def assign(
        self,
        pred_instances: InstanceData,
        gt_instances: InstanceData,
        gt_instances_ignore: InstanceData | None = None,
        **kwargs,
    ) -> AssignResult:
        """Assign objects to the priors of one image.

        Args:
            pred_instances: With ``priors``, (N, 4), xyxy, any unit, on any
                device; or a ``BaseBoxes`` of them.
            gt_instances: With ``bboxes``, (M, 4), and ``labels``, (M,).
            gt_instances_ignore: With ``bboxes``, (R, 4), regions to ignore.

        Returns:
            AssignResult: ``gt_inds``, (N,): the object plus 1, 0 for
            background, -1 for neither. ``max_overlaps``, (N,): largest IoU,
            -1 where ignored. ``labels``, (N,): -1 where not positive.
        """
        priors = self._corners(pred_instances.priors, 'priors')
        objects = gt_instances.bboxes
        if self.perm_repeat_gt_cfg is not None and len(priors):
            objects = perm_repeat_bboxes(
                get_box_tensor(objects),
                self.iou_calculator,
                self.perm_repeat_gt_cfg,
            )
        objects = self._corners(objects, 'gt_instances.bboxes')
        ignored = None
        if self.ignore_iof_thr > 0 and gt_instances_ignore is not None:
            ignored = covered_priors(
                priors,
                self._corners(gt_instances_ignore.bboxes, 'ignored bboxes'),
                self.ignore_iof_thr,
                self.ignore_wrt_candidates,
            )
        gt_inds, overlaps = assign_max_iou(
            priors, objects, self._rule(), ignored
        )
        labels = torch.full_like(gt_inds, -1)
        if len(objects):
            known = gt_instances.labels.long()[(gt_inds - 1).clamp_(min=0)]
            labels = torch.where(gt_inds > 0, known, labels)
        return AssignResult(len(objects), gt_inds, overlaps, labels)

    def _rule(self) -> MaxIoURule:
        """The thresholds as they are now: Dynamic R-CNN raises them."""
        return MaxIoURule(
            self.pos_iou_thr,
            _negative_range(self.neg_iou_thr, self.pos_iou_thr),
            self.match_low_quality,
            self.min_pos_iou,
            self.gt_max_assign_all,
        )

    def _corners(self, boxes: Tensor | BaseBoxes, name: str) -> Tensor:
        """(N, 4) corners in the number format they are compared in."""
        boxes = get_box_tensor(boxes)
        if boxes.numel() and boxes.shape[-1] not in (4, 5):
            shape = tuple(boxes.shape)
            raise ValueError(f'{name} must be (N, 4) boxes, but got {shape}.')
        boxes = boxes[..., :4].reshape(-1, 4)
        if self.iou_calculator.dtype == 'fp16':
            return (boxes / self.iou_calculator.scale).half()
        # float32 and float64 stay what they are.
        if boxes.dtype not in (torch.float32, torch.float64):
            boxes = boxes.float()
        return boxes


def _negative_range(
    negative: float | tuple[float, float], positive: float
) -> tuple[float, float]:
    """From ``neg_iou_thr`` to the IoU of the background."""
    span = (0.0, negative) if isinstance(negative, float) else negative
    is_pair = isinstance(span, tuple) and len(span) == 2
    if not is_pair or not span[0] <= span[1] <= positive:
        raise ValueError(
            'neg_iou_thr must be a float, or a tuple of two that rise, up to '
            f'pos_iou_thr, but got {negative!r} and pos_iou_thr {positive}.'
        )
    return span
