"""Assigners registered in mmdet's TASK_UTILS."""

from .dense_max_iou_assigner import DenseMaxIoUAssigner
from .rfla_assigner import RFLAAssigner

__all__ = ['DenseMaxIoUAssigner', 'RFLAAssigner']
