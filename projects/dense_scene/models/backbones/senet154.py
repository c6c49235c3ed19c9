"""SENet-154, a ResNeXt with squeeze and excitation, in its two forms."""

from collections.abc import Sequence
from typing import Any

from mmcv.cnn import build_conv_layer, build_norm_layer
from mmdet.models.backbones import ResNeXt
from mmdet.models.backbones.resnext import Bottleneck
from mmdet.models.layers import ResLayer, SELayer
from mmdet.registry import MODELS
from torch import nn

from ...utils import checks


class SEBottleneck(Bottleneck):
    """ResNeXt's block; its output is excited before it joins the shortcut."""

    after_conv3_plugin_names: list[str]
    conv2: nn.Conv2d

    def __init__(self, *args: Any, se_ratio: int = 16, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        channels = self.planes * self.expansion
        self.se = SELayer(channels, se_ratio, self.conv_cfg)
        # Where mmdet's forward puts layers behind the third convolution.
        self.with_plugins = True
        for place in (1, 2, 3):
            name = f'after_conv{place}_plugin_names'
            setattr(self, name, getattr(self, name, []))
        self.after_conv3_plugin_names = ['se', *self.after_conv3_plugin_names]


class HalvedSEBottleneck(SEBottleneck):
    """The block whose first convolution has half of the second's channels."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        wide = self.conv2
        half = wide.in_channels // 2
        self.conv1 = build_conv_layer(
            self.conv_cfg,
            self.inplanes,
            half,
            kernel_size=1,
            stride=self.conv1_stride,
            bias=False,
        )
        norm = build_norm_layer(self.norm_cfg, half, postfix=1)[1]
        self.add_module(self.norm1_name, norm)
        self.conv2 = build_conv_layer(
            self.conv_cfg,
            half,
            wide.out_channels,
            kernel_size=3,
            stride=wide.stride,
            padding=wide.padding,
            dilation=wide.dilation,
            groups=wide.groups,
            bias=False,
        )


@MODELS.register_module()
class SENet154(ResNeXt):
    """SENet-154, ResNeXt-152 with squeeze and excitation in every block.

    Source: Squeeze-and-Excitation Networks, arXiv 1709.01507, A.5. Blocks
    3, 8, 36, 3 in 64 groups, a stem of three 3x3 convolutions (64, 64, 128).

    =====  ================================  ================================
    form   first convolution of a block      shortcut of a stage that halves
    =====  ================================  ================================
    std    half as wide as the second        3x3 convolution, stride 2
    vd     as wide as the second             2x2 average, 1x1 convolution
    =====  ================================  ================================

    'std' is the paper's network, timm's ``senet154`` (weights:
    :func:`convert_timm_senet154`), PaddleDetection's ``std_senet=True``. 'vd'
    is what PaddleDetection's Faster R-CNN uses, SE-ResNeXt152-vd 64x4d.

    Differs from ``mmdet.ResNeXt``: has the stem, the shortcuts and
    ``mmdet.SELayer`` above, and no deformable convolutions.

    Args:
        form (str): 'std' or 'vd'. Defaults to 'std'.
        stage_blocks (Sequence[int]): Blocks of each stage.
            Defaults to (3, 8, 36, 3).
        groups (int): Of the second convolution. Defaults to 64.
        base_width (int): Channels of a group, in the first stage.
            Defaults to 4.
        stem_channels (int): Of the last of the stem. Defaults to 128.
        se_ratio (int): Reduction of the excitation. Defaults to 16.
        kwargs: Of ``mmdet.ResNet``: ``out_indices``, ``frozen_stages``,
            ``norm_cfg``, ``norm_eval``, ``with_cp``, ``init_cfg``, ...

    Example:
        >>> SENet154()(torch.zeros(1, 3, 64, 64))[3].shape
        torch.Size([1, 2048, 2, 2])
    """

    def __init__(
        self,
        form: str = 'std',
        stage_blocks: Sequence[int] = (3, 8, 36, 3),
        groups: int = 64,
        base_width: int = 4,
        stem_channels: int = 128,
        se_ratio: int = 16,
        **kwargs,
    ) -> None:
        checks.choice('form', form, ('std', 'vd'))
        if kwargs.get('dcn') is not None:
            raise ValueError('dcn must be None: SENet154 has no such form.')
        is_std = form == 'std'
        self.form = form
        self.se_ratio = se_ratio
        block = HalvedSEBottleneck if is_std else SEBottleneck
        self.arch_settings = {154: (block, tuple(stage_blocks))}
        super().__init__(
            depth=154,
            groups=groups,
            base_width=base_width,
            stem_channels=stem_channels,
            deep_stem=True,
            avg_down=not is_std,
            **kwargs,
        )

    def make_res_layer(self, **kwargs) -> ResLayer:
        """A stage of blocks, with this form's shortcut."""
        layer = super().make_res_layer(se_ratio=self.se_ratio, **kwargs)
        stride = kwargs['stride']
        if self.form == 'std' and stride > 1:
            shortcut: nn.Sequential = layer[0].downsample
            shortcut[0] = build_conv_layer(
                self.conv_cfg,
                shortcut[0].in_channels,
                shortcut[0].out_channels,
                kernel_size=3,
                stride=stride,
                padding=1,
                bias=False,
            )
        return layer
