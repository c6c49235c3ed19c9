"""Assigned boxes, as a sampler is given them."""

import torch
from mmdet.models.task_modules import AssignResult, SamplingResult
from mmdet.registry import TASK_UTILS
from mmengine.structures import InstanceData

from dense_scene.testing import random_boxes


def make_case(
    counts: list[int], negatives: int, ignored: int = 0, seed: int = 0
) -> tuple[AssignResult, InstanceData, InstanceData]:
    """Objects with so many positives each, negatives and ignored boxes.

    Positives have IoU 0.5 to 1, negatives 0 to 0.5; all in random order.
    """
    g = torch.Generator().manual_seed(seed)
    total = sum(counts) + negatives + ignored
    gt_inds = torch.zeros(total, dtype=torch.long)
    gt_inds[negatives : negatives + ignored] = -1
    objects = torch.arange(1, len(counts) + 1)
    gt_inds[negatives + ignored :] = objects.repeat_interleave(
        torch.tensor(counts, dtype=torch.long)
    )
    gt_inds = gt_inds[torch.randperm(total, generator=g)]
    ious = torch.rand(total, generator=g) / 2 + 0.5 * (gt_inds > 0)
    labels = torch.where(gt_inds > 0, 0, -1)
    assigned = AssignResult(len(counts), gt_inds, ious, labels)
    truth = InstanceData(
        bboxes=random_boxes(len(counts), generator=g),
        labels=torch.zeros(len(counts), dtype=torch.long),
    )
    return assigned, InstanceData(priors=random_boxes(total)), truth


def sample(config: dict, *case_args, **case_kwargs) -> SamplingResult:
    """Build the sampler and use it, with global seed 0."""
    sampler = TASK_UTILS.build(config)
    torch.manual_seed(0)
    return sampler.sample(*make_case(*case_args, **case_kwargs))


def positives_per_object(result: SamplingResult) -> list[int]:
    """Counts, copies of the ground truth included."""
    found = result.pos_assigned_gt_inds
    return found.bincount(minlength=result.num_gts).tolist()
