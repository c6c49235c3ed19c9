"""A linear layer that autocast leaves in float32."""

import torch
from mmdet.registry import MODELS
from torch import Tensor, nn


@MODELS.register_module()
class Float32Linear(nn.Linear):
    """``nn.Linear`` whose result keeps the type of its weights.

    Source: its parent, and equal to it without autocast. Under autocast the
    last layer of a box head would round its deltas to half precision, which
    among touching objects decides which of two boxes is kept: in bfloat16, of
    8 bits, AP@300 of the demo's detector falls by 0.026, with this layer by
    0.002 (docs/benchmarks.md). It costs nothing: 4 outputs a class.

    Example:
        >>> bbox_head = dict(reg_predictor_cfg=dict(type='Float32Linear'))
    """

    def forward(self, x: Tensor) -> Tensor:
        """(..., in) of any floating type to (..., out) of the weights'."""
        x = x.to(self.weight.dtype)
        if not torch.is_autocast_enabled(x.device.type):
            return super().forward(x)  # nothing for a trace to follow
        with torch.autocast(x.device.type, enabled=False):
            return super().forward(x)
