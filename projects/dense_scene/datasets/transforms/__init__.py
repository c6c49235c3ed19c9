"""Transforms registered in mmdet's TRANSFORMS."""

from .auto_augment.det_auto_augment import DetAutoAugment
from .crops.dense_random_crop import DenseRandomCrop
from .crops.tile_crop import TileCrop
from .loading.load_checked_image import LoadCheckedImage
from .loading.load_image_for_scale import LoadImageForScale
from .loading.resize_to_drawn_scale import ResizeToDrawnScale
from .mixup.beta_mix_up import BetaMixUp
from .mixup.keep_box_scores import KeepBoxScores
from .mixup.pack_scored_inputs import PackScoredInputs

__all__ = [
    'BetaMixUp',
    'DenseRandomCrop',
    'DetAutoAugment',
    'KeepBoxScores',
    'LoadCheckedImage',
    'LoadImageForScale',
    'PackScoredInputs',
    'ResizeToDrawnScale',
    'TileCrop',
]
