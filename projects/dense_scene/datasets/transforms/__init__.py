"""Transforms registered in mmdet's TRANSFORMS."""

from .auto_augment.det_auto_augment import DetAutoAugment
from .crops.dense_random_crop import DenseRandomCrop
from .crops.tile_crop import TileCrop
from .loading.load_and_resize import LoadAndResize
from .loading.load_checked_image import LoadCheckedImage

__all__ = [
    'DenseRandomCrop',
    'DetAutoAugment',
    'LoadAndResize',
    'LoadCheckedImage',
    'TileCrop',
]
