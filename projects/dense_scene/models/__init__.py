"""Registered model parts: thin shells over ``dense_scene.functional``."""

from . import losses, task_modules
from .box_loss_guard import install_box_loss_guard

install_box_loss_guard()

__all__ = ['losses', 'task_modules']
