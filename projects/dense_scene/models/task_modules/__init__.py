"""Assigners and samplers registered in mmdet's TASK_UTILS."""

from . import assigners, samplers

__all__ = ['assigners', 'samplers']
