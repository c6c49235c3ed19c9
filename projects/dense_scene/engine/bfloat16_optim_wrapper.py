"""Mixed precision on the CPU."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from mmengine.optim import OptimWrapper
from mmengine.registry import OPTIM_WRAPPERS
from torch import nn


@OPTIM_WRAPPERS.register_module()
class BFloat16OptimWrapper(OptimWrapper):
    """Forward passes under bfloat16 autocast, on the CPU as well.

    Differs from ``AmpOptimWrapper``, which refuses to run without a GPU, in
    scaling no loss: bfloat16 has the range of float32. Parameters, gradients
    and the optimizer's state stay float32; processors with AMX or AVX512_BF16
    are faster so, others slower.

    Example:
        >>> optim_wrapper = dict(type='BFloat16OptimWrapper')
    """

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """As in the parent, with autocast on the model's device."""
        kind = next(model.parameters()).device.type
        with (
            super().optim_context(model),
            torch.autocast(kind, torch.bfloat16),
        ):
            yield
