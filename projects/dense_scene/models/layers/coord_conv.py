"""A convolution that knows where it looks."""

from typing import Any

import torch
from mmdet.registry import MODELS
from torch import Tensor, nn


def coordinate_maps(x: Tensor) -> Tensor:
    """Column and row of every pixel of a map, from -1 to 1.

    Args:
        x (Tensor): (N, C, H, W); only shape, dtype and device count.

    Returns:
        Tensor: (N, 2, H, W): first x, -1 in the left column and 1 in the
        right one, then y; -1 in a map of one column or row.
    """
    height, width = x.shape[-2:]
    columns = torch.linspace(-1, 1, width, device=x.device).to(x.dtype)
    rows = torch.linspace(-1, 1, height, device=x.device).to(x.dtype)
    maps = torch.stack(
        (
            columns.expand(height, width),
            rows.unsqueeze(1).expand(height, width),
        )
    )
    return maps.expand(len(x), 2, height, width)


@MODELS.register_module()
class CoordConv(nn.Conv2d):
    """Convolution over a map and the coordinates of its pixels.

    Source: `An Intriguing Failing of Convolutional Neural Networks and the
    CoordConv Solution <https://arxiv.org/abs/1807.03247>`_, as PP-YOLO uses
    it. The two :func:`coordinate_maps` come after the input's channels.
    Arguments are ``nn.Conv2d``'s, ``in_channels`` without the coordinates;
    as ``conv_cfg=dict(type='CoordConv')`` wherever mmcv takes one.
    """

    def __init__(self, in_channels: int, *args: Any, **kwargs: Any) -> None:
        super().__init__(in_channels + 2, *args, **kwargs)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to (N, out_channels, H', W')."""
        return super().forward(torch.cat((x, coordinate_maps(x)), dim=1))
