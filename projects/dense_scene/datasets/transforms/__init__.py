"""Transforms registered in mmdet's TRANSFORMS."""

from .load_checked_image import LoadCheckedImage

__all__ = ['LoadCheckedImage']
