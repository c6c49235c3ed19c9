"""Backbones registered in mmdet's MODELS."""

from .senet154 import SENet154

__all__ = ['SENet154']
