"""Detecting hundreds of similar, touching objects with MMDetection.

Importing this package registers its classes in mmdet's registries, under
names that mmdet does not have, and makes mmengine load checkpoints as data
(see :mod:`dense_scene.engine.checkpoint_loading`). Configs import it through
``custom_imports = dict(imports=['dense_scene'])``.
"""

from . import datasets, engine, evaluation, models

__version__ = '0.1.0'
__all__ = ['datasets', 'engine', 'evaluation', 'models']
