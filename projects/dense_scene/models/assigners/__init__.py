"""Assigners registered in mmdet's TASK_UTILS."""

from .dense_max_iou_assigner import DenseMaxIoUAssigner

__all__ = ['DenseMaxIoUAssigner']
