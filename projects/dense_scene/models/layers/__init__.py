"""Layers registered in mmdet's MODELS."""

from .coord_conv import CoordConv
from .float32_linear import Float32Linear

__all__ = ['CoordConv', 'Float32Linear']
