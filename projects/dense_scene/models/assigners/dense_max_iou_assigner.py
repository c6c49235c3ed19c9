"""MaxIoUAssigner without the matrix of all pairs."""

import torch
from mmdet.models.task_modules import AssignResult
from mmdet.models.task_modules.assigners import BaseAssigner, BboxOverlaps2D
from mmdet.models.task_modules.assigners.max_iou_assigner import (
    perm_repeat_bboxes,
)
from mmdet.registry import TASK_UTILS
from mmdet.structures.bbox import BaseBoxes, get_box_tensor
from mmengine.structures import InstanceData
from torch import Tensor

from .tiled_iou.assignment import MaxIoURule, assign_max_iou, covered_priors


@TASK_UTILS.register_module()
class DenseMaxIoUAssigner(BaseAssigner):
    """Assign to each prior the object that it overlaps most.

    Source: ``mmdet.MaxIoUAssigner``, of which it takes the arguments and
    gives the result, equal in every index and, for float32 and float64
    boxes, in every bit of ``max_overlaps``; low-quality matches, ties,
    ignored regions, boxes without area and NaN included. Use it wherever
    that one is used: RPN, RoI heads, RetinaNet, SSD.

    Differs from ``mmdet.MaxIoUAssigner``:

    - Only boxes near each other are compared, in blocks of bounded size
      (:mod:`dense_scene.models.assigners.tiled_iou.tiles`).
      Memory grows with priors plus objects and time with the pairs that
      overlap; the stock class makes several matrices of priors times objects.
    - float16 and bfloat16 boxes are compared in float32, and
      ``max_overlaps`` is float32. In float16 the stock class gives IoU 0 or
      NaN to boxes of more than 65,504 square pixels.
    - Thresholds out of order, and a ``neg_iou_thr`` that is neither a float
      nor a tuple, are refused. The stock class says nothing: it finds no
      negatives with a tuple out of order or an int, and makes some priors
      both with a ``neg_iou_thr`` above ``pos_iou_thr`` (positive wins).

    Args:
        pos_iou_thr (float): IoU from which a prior is positive.
        neg_iou_thr (float | tuple[float, float]): IoU below which it is
            background; or from the first and below the second.
        min_pos_iou (float): Least IoU of a low-quality match. With 0, the
            stock default, an object that overlaps no prior claims every
            prior that overlaps it with IoU 0: all of them. Defaults to 0.
        gt_max_assign_all (bool): An object whose best priors are several
            claims all of them, else the first. Defaults to True.
        ignore_iof_thr (float): A prior is ignored if one of the regions to
            ignore covers more than this part of it; none is if this is not
            positive. Defaults to -1.
        ignore_wrt_candidates (bool): The part of the prior, else the part
            of the region. Defaults to True.
        match_low_quality (bool): Each object claims its best prior, as RPN
            and one-stage heads want it; of several the last object wins.
            Defaults to True.
        gpu_assign_thr (float): Accepted and without effect: the stock class
            moves to the CPU with more objects than this, to save memory
            that is not needed here. Defaults to -1.
        iou_calculator (dict): ``BboxOverlaps2D``, whose arithmetic is built
            in, with its options. With ``dtype='fp16'`` overlaps are the
            stock class's coarse ones; nothing else is won by it here.
        perm_repeat_gt_cfg (dict, optional): Of the stock class, whose
            program is used: objects that are equal are shaken apart, at the
            price of a loop over objects. Defaults to None.

    Raises:
        ValueError: If the thresholds contradict each other, or the
            calculator is another one; when assigning, if boxes do not have
            four corners.

    Example:
        >>> assigner = DenseMaxIoUAssigner(0.5, 0.5)
        >>> priors = torch.tensor(
        ...     [[0.0, 0.0, 10.0, 10.0], [10.0, 10.0, 20.0, 20.0]]
        ... )
        >>> objects = torch.tensor([[0.0, 0.0, 10.0, 9.0]])
        >>> assigner.assign(
        ...     InstanceData(priors=priors),
        ...     InstanceData(bboxes=objects, labels=torch.tensor([0])),
        ... ).gt_inds
        tensor([1, 0])
    """

    def __init__(
        self,
        pos_iou_thr: float,
        neg_iou_thr: float | tuple[float, float],
        min_pos_iou: float = 0.0,
        gt_max_assign_all: bool = True,
        ignore_iof_thr: float = -1,
        ignore_wrt_candidates: bool = True,
        match_low_quality: bool = True,
        gpu_assign_thr: float = -1,
        iou_calculator: dict = dict(type='BboxOverlaps2D'),  # noqa: B006
        perm_repeat_gt_cfg: dict | None = None,
    ) -> None:
        # Attributes of the stock class, which others change in training:
        # Dynamic R-CNN raises the thresholds.
        self.pos_iou_thr = pos_iou_thr
        self.neg_iou_thr = neg_iou_thr
        self.min_pos_iou = min_pos_iou
        self.gt_max_assign_all = gt_max_assign_all
        self.match_low_quality = match_low_quality
        self.ignore_iof_thr = ignore_iof_thr
        self.ignore_wrt_candidates = ignore_wrt_candidates
        self.gpu_assign_thr = gpu_assign_thr
        self.iou_calculator = _build_calculator(iou_calculator)
        self.perm_repeat_gt_cfg = perm_repeat_gt_cfg
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
            pred_instances (InstanceData): With ``priors``, (N, 4), xyxy, any
                unit, on any device; or a ``BaseBoxes`` of them.
            gt_instances (InstanceData): With ``bboxes``, (M, 4), the same,
                and ``labels``, (M,).
            gt_instances_ignore (InstanceData, optional): With ``bboxes``,
                (R, 4), regions to ignore.
            **kwargs: Of other assigners; not used.

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
        """The thresholds as they are now."""
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
            raise ValueError(
                f'{name} must be (N, 4) boxes, x1 y1 x2 y2, but are '
                f'{tuple(boxes.shape)}. Give corners; this assigner takes '
                'no points.'
            )
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
    if isinstance(negative, float):
        negative = (0.0, negative)
    if not isinstance(negative, tuple) or len(negative) != 2:
        raise ValueError(
            'neg_iou_thr must be a float or a tuple of two, but got '
            f'{negative!r}. Write for example 0.3 or (0.1, 0.3).'
        )
    low, high = negative
    if not low <= high <= positive:
        raise ValueError(
            'IoU thresholds must rise from neg_iou_thr to pos_iou_thr, but '
            f'got neg_iou_thr {negative} and pos_iou_thr {positive}. '
            'Exchange or correct them.'
        )
    return low, high


def _build_calculator(config: dict) -> BboxOverlaps2D:
    calculator = TASK_UTILS.build(config)
    if type(calculator) is not BboxOverlaps2D:
        raise ValueError(
            'iou_calculator must be BboxOverlaps2D, but got '
            f'{type(calculator).__name__}. Leave it out, or use '
            'MaxIoUAssigner with this calculator.'
        )
    return calculator
