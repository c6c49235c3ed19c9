"""What stands around a detector while it is trained or tested."""

from typing import Any

from mmengine.model import BaseTTAModel, is_model_wrapper
from torch import nn


def peel(model: nn.Module) -> list[Any]:
    """The model and what it wraps, the detector itself last.

    Wrappers are those of parallel training and of test-time augmentation.

    Example:
        >>> *wrappers, detector = peel(runner.model)
    """
    layers: list[Any] = [model]
    while is_model_wrapper(layers[-1]) or isinstance(layers[-1], BaseTTAModel):
        layers.append(layers[-1].module)
    return layers
