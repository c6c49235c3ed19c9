"""Transforms registered in mmdet's TRANSFORMS."""

from .load_checked_image import LoadCheckedImage
from .load_image_for_scale import LoadImageForScale
from .resize_to_drawn_scale import ResizeToDrawnScale

__all__ = [
    'LoadCheckedImage',
    'LoadImageForScale',
    'ResizeToDrawnScale',
]
