"""Samplers registered in mmdet's TASK_UTILS."""

from .instance_balanced_sampler import InstanceBalancedSampler
from .iou_bin_neg_sampler import IoUBinNegSampler
from .second_object_sampler import SecondObjectSampler

__all__ = [
    'InstanceBalancedSampler',
    'IoUBinNegSampler',
    'SecondObjectSampler',
]
