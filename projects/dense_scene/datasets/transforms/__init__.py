"""Transforms registered in mmdet's TRANSFORMS."""

from .auto_augment.det_auto_augment import DetAutoAugment
from .crops.dense_random_crop import DenseRandomCrop
from .crops.tile_crop import TileCrop
from .loading.load_and_resize import LoadAndResize
from .loading.load_checked_image import LoadCheckedImage
from .mixup.beta_mix_up import BetaMixUp
from .mixup.keep_box_scores import KeepBoxScores
from .mixup.pack_scored_inputs import PackScoredInputs

__all__ = [
    'BetaMixUp',
    'DenseRandomCrop',
    'DetAutoAugment',
    'KeepBoxScores',
    'LoadAndResize',
    'LoadCheckedImage',
    'PackScoredInputs',
    'TileCrop',
]
