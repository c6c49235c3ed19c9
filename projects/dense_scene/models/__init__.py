"""Registered model parts: thin shells over ``dense_scene.functional``."""

from . import losses

__all__ = ['losses']
