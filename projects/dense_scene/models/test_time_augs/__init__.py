"""Test-time augmentation, registered in mmdet's MODELS."""

from .dense_tta_model import DenseTTAModel

__all__ = ['DenseTTAModel']
