"""Layers registered in mmdet's MODELS."""

from .coord_conv import CoordConv

__all__ = ['CoordConv']
