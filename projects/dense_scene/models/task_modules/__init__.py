"""Assigners and samplers registered in mmdet's TASK_UTILS."""

from . import samplers

__all__ = ['samplers']
