"""Transforms registered in mmdet's TRANSFORMS."""

from .dense_random_crop import DenseRandomCrop
from .det_auto_augment import DetAutoAugment
from .load_checked_image import LoadCheckedImage
from .load_image_for_scale import LoadImageForScale
from .resize_to_drawn_scale import ResizeToDrawnScale
from .tile_crop import TileCrop

__all__ = [
    'DenseRandomCrop',
    'DetAutoAugment',
    'LoadCheckedImage',
    'LoadImageForScale',
    'ResizeToDrawnScale',
    'TileCrop',
]
