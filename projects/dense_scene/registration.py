"""Registers every class of this package in mmdet's registries.

What reaches beyond this package goes in through public extension points and
patches nothing of mmdet and mmengine:

- ``register_checkpoint_loaders``: mmengine loads checkpoints as data, never
  as code (:mod:`dense_scene.engine.checkpoints`).
- ``install_box_loss_guard``: a head that gives an IoU loss encoded deltas is
  refused when it is built (:mod:`dense_scene.models.box_loss_guard`).
- ``offer_find_loader``: on Python 3.14 ``pkgutil`` has again what mmengine
  calls (:mod:`dense_scene.utils.python_314`).
"""

# ruff: noqa: E402
from .utils.operators import require_operators
from .utils.python_314 import offer_find_loader

offer_find_loader()
require_operators()  # before mmdet, which fails without a hint

from .analysis import proposals
from .datasets import epoch_length_sampler, transforms
from .datasets.coco import dense_coco_dataset
from .datasets.sku110k import sku110k_dataset
from .engine import bfloat16_optim_wrapper, hooks
from .engine.checkpoints.schemes import register_checkpoint_loaders
from .evaluation import counting_metric, dense_coco_metric
from .models import (
    assigners,
    backbones,
    coders,
    detectors,
    heads,
    layers,
    losses,
    necks,
    roi_extractors,
    samplers,
    test_time_augs,
)
from .models.box_loss_guard import install_box_loss_guard
from .visualization import dense_visualizer

register_checkpoint_loaders()
install_box_loss_guard()

__all__ = [
    'assigners',
    'backbones',
    'bfloat16_optim_wrapper',
    'coders',
    'counting_metric',
    'dense_coco_dataset',
    'dense_coco_metric',
    'dense_visualizer',
    'detectors',
    'epoch_length_sampler',
    'heads',
    'hooks',
    'layers',
    'losses',
    'necks',
    'proposals',
    'roi_extractors',
    'samplers',
    'sku110k_dataset',
    'test_time_augs',
    'transforms',
]
