"""Detecting hundreds of similar, touching objects with MMDetection.

Importing this package registers its classes in mmdet's registries, under
names that mmdet does not have. Configs import it through
``custom_imports = dict(imports=['dense_scene'])``.

Two registrations below reach beyond this package. They go in through public
extension points and patch nothing:

- ``register_checkpoint_loaders``: mmengine loads checkpoints as data, never
  as code (:mod:`dense_scene.engine.checkpoint_loading`).
- ``install_box_loss_guard``: a head that gives an IoU loss encoded deltas is
  refused when it is built (:mod:`dense_scene.models.box_loss_guard`).
"""

from importlib.metadata import PackageNotFoundError, version

from .analysis import proposals
from .datasets import coco, sku110k, transforms
from .engine import hooks
from .engine.checkpoint_loading import register_checkpoint_loaders
from .evaluation import counting_metric, dense_coco_metric
from .models import (
    assigners,
    backbones,
    coders,
    heads,
    layers,
    losses,
    necks,
    samplers,
)
from .models.box_loss_guard import install_box_loss_guard
from .visualization import dense_visualizer

register_checkpoint_loaders()
install_box_loss_guard()

try:
    __version__ = version('dense-scene')
except PackageNotFoundError:  # on PYTHONPATH, not installed
    __version__ = '0+source'

__all__ = [
    'assigners',
    'backbones',
    'coders',
    'coco',
    'counting_metric',
    'dense_coco_metric',
    'dense_visualizer',
    'heads',
    'hooks',
    'layers',
    'losses',
    'necks',
    'proposals',
    'samplers',
    'sku110k',
    'transforms',
]
