"""The neck of PP-YOLO."""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from mmcv.cnn import ConvModule
from mmdet.models.layers import DropBlock
from mmdet.registry import MODELS
from mmengine.model import BaseModule
from torch import Tensor, nn

from ..layers.coord_conv import CoordConv

_DROP_BLOCK = dict(drop_prob=0.1, block_size=3, warmup_iters=0)
_NORM = dict(type='BN', requires_grad=True)
_ACT = dict(type='LeakyReLU', negative_slope=0.1)


def spatial_pyramid_pool(x: Tensor) -> Tensor:
    """A map and its maxima over 5, 9 and 13 pixels around, (N, 4 C, H, W).

    The 9 x 9 maximum is a 5 x 5 one of 5 x 5 ones, and so on.
    """
    maps = [x]
    for _ in range(3):
        maps.append(F.max_pool2d(maps[-1], 5, stride=1, padding=2))
    return torch.cat(maps, dim=1)


@MODELS.register_module()
class PPYOLONeck(BaseModule):
    """YOLOv3's top-down path with CoordConv, SPP and DropBlock.

    Source: `PP-YOLO <https://arxiv.org/abs/2007.12099>`_, Fig. 2. Each level
    has two pairs of a 1x1 and a 3x3 convolution and a 1x1 one, whose output
    goes to the head and, by a 1x1 convolution and doubling, to the next finer
    level. Against mmdet's ``YOLOV3Neck``: coordinates before each of the
    three 1x1 convolutions; pooling after the second one of the coarsest
    level; blocks dropped after both pairs there and after the first pair of
    the others. PP-YOLO's 3x3 convolution behind the neck, with coordinates
    too, is the head's (``conv_cfg=dict(type='CoordConv')`` there).

    Args:
        in_channels (Sequence[int]): Channels of the backbone, the coarsest
            level first. Defaults to (2048, 1024, 512).
        out_channels (Sequence[int]): Channels of the outputs, the coarsest
            level first. Defaults to (512, 256, 128).
        coord_conv (bool): Whether to add coordinates. Defaults to True.
        spp (bool): Whether to pool. Defaults to True.
        drop_block (dict, optional): Arguments of mmdet's ``DropBlock``; None
            drops nothing. Defaults to blocks of 3 with a probability of 0.1
            from the first iteration on.
        norm_cfg (dict): Defaults to batch normalization.
        act_cfg (dict): Defaults to leaky ReLU with slope 0.1.
        init_cfg (dict, optional): Defaults to None.
    """

    def __init__(
        self,
        in_channels: Sequence[int] = (2048, 1024, 512),
        out_channels: Sequence[int] = (512, 256, 128),
        coord_conv: bool = True,
        spp: bool = True,
        drop_block: dict | None = _DROP_BLOCK,
        norm_cfg: dict = _NORM,
        act_cfg: dict = _ACT,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        conv = dict(norm_cfg=norm_cfg, act_cfg=act_cfg)
        self.blocks = nn.ModuleList()
        self.transitions = nn.ModuleList()
        for level, (inner, outer) in enumerate(zip(in_channels, out_channels)):
            if level:
                above = out_channels[level - 1]
                self.transitions.append(ConvModule(above, outer, 1, **conv))
                inner += outer
            self.blocks.append(
                _Block(
                    inner,
                    outer,
                    coord_conv,
                    spp and level == 0,
                    drop_block,
                    drop_behind=2 if level == 0 else 1,
                    **conv,
                )
            )

    def forward(self, feats: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Maps of the backbone, the finest first, to maps for the head, the
        coarsest first, as ``YOLOV3Neck``."""
        outs: list[Tensor] = []
        for level, x in enumerate(reversed(feats)):
            if level:
                up = self.transitions[level - 1](outs[-1])
                x = torch.cat((F.interpolate(up, size=x.shape[-2:]), x), 1)
            outs.append(self.blocks[level](x))
        return tuple(outs)


class _Block(nn.Module):
    """The convolutions of one level, (N, inner, H, W) to (N, outer, H, W)."""

    def __init__(
        self,
        inner: int,
        outer: int,
        coord_conv: bool,
        spp: bool,
        drop_block: dict | None,
        drop_behind: int,
        **conv: Any,
    ) -> None:
        super().__init__()
        first = dict(conv_cfg=dict(type=CoordConv) if coord_conv else None)
        first.update(conv)
        self.squeeze1 = ConvModule(inner, outer, 1, **first)
        self.expand1 = ConvModule(outer, 2 * outer, 3, padding=1, **conv)
        self.squeeze2 = ConvModule(2 * outer, outer, 1, **first)
        self.pooled = ConvModule(4 * outer, outer, 1, **conv) if spp else None
        self.expand2 = ConvModule(outer, 2 * outer, 3, padding=1, **conv)
        self.route = ConvModule(2 * outer, outer, 1, **first)
        self.drop = DropBlock(**drop_block) if drop_block else None
        self.drop_behind = drop_behind

    def forward(self, x: Tensor) -> Tensor:
        x = self._drop(self.expand1(self.squeeze1(x)), pair=1)
        x = self.squeeze2(x)
        if self.pooled is not None:
            x = self.pooled(spatial_pyramid_pool(x))
        return self.route(self._drop(self.expand2(x), pair=2))

    def _drop(self, x: Tensor, pair: int) -> Tensor:
        if self.drop is None or pair != self.drop_behind:
            return x
        # A map smaller than a block has none to drop.
        fits = min(x.shape[-2:]) >= self.drop.block_size
        return self.drop(x) if fits else x
