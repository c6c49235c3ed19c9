"""Box coders registered in mmdet's TASK_UTILS."""

from .grid_sensitive_coder import GridSensitiveCoder

__all__ = ['GridSensitiveCoder']
