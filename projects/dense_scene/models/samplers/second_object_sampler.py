"""A sampler that also finds the second object of each positive."""

import torch
from mmdet.models.task_modules import AssignResult, RandomSampler
from mmdet.models.task_modules.samplers import SamplingResult
from mmdet.registry import TASK_UTILS
from mmdet.structures.bbox import bbox_overlaps, get_box_tensor
from mmengine.structures import InstanceData


@TASK_UTILS.register_module()
class SecondObjectSampler(RandomSampler):
    """``RandomSampler`` for heads that predict two objects.

    Source: `CrowdDet <https://arxiv.org/abs/2003.09163>`_, Eq. (1): a
    proposal is to predict the objects that it overlaps most. Sampling goes
    by the first of them, as there. Differs from ``mmdet.
    MultiInstanceAssigner`` with ``MultiInsRandomSampler``, which fail on
    images of one object or none and keep two matrices of all proposals and
    objects: here the assigner is any for one object, and only the positives
    that were drawn are compared with all objects.
    """

    def sample(
        self,
        assign_result: AssignResult,
        pred_instances: InstanceData,
        gt_instances: InstanceData,
        **kwargs: object,
    ) -> SamplingResult:
        """Sample one image; arguments as in ``RandomSampler``.

        Returns:
            SamplingResult: With three attributes more: of each positive the
            object, but for its own, that it overlaps most,
            ``second_gt_bboxes``, (P, 4), and ``second_gt_labels``, (P, ), and
            ``second_overlaps``, (P, ), the IoU. Where there is no other
            object that is -1, the box the positive's own and the label that
            of its object.
        """
        result = super().sample(
            assign_result, pred_instances, gt_instances, **kwargs
        )
        objects = get_box_tensor(gt_instances.bboxes)
        positives = get_box_tensor(result.pos_priors)
        result.second_gt_bboxes = positives
        result.second_gt_labels = result.pos_gt_labels
        result.second_overlaps = positives.new_full((len(positives),), -1.0)
        if len(positives) and len(objects) > 1:
            iou = bbox_overlaps(positives, objects)
            rows = torch.arange(len(positives), device=iou.device)
            iou[rows, result.pos_assigned_gt_inds] = -1
            result.second_overlaps, second = iou.max(dim=1)
            result.second_gt_bboxes = objects[second]
            result.second_gt_labels = gt_instances.labels[second]
        return result
