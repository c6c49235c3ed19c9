"""DDQ-DETR whose decoder never holds a weight for each pair of queries."""

import sys
from typing import Any

import torch.nn.functional as F
from mmdet.models.detectors import DDQDETR
from mmdet.registry import MODELS
from torch import Tensor, nn


@MODELS.register_module()
class FusedDDQDETR(DDQDETR):
    """DDQ-DETR with fused attention between the queries of its decoder.

    Source: its parent, ``mmdet.DDQDETR``, with the same parameters by the
    same names and the same result up to rounding. Differs from it: the parent
    stores masks, scores, weights and their mean over heads for each pair of
    queries in every head, layer and image; a dense scene has thousands of
    queries while it trains, so these fill gigabytes. Here torch's
    ``scaled_dot_product_attention`` goes over them in blocks, and all heads
    share one mask of each image (docs/benchmarks.md gives time and memory).
    And where the parent fails under autocast, on images with 10,000 places or
    more, this one trains.

    Args:
        args, kwargs: Of the parent.

    Example:
        >>> model = dict(type='FusedDDQDETR', num_queries=600)
    """

    dqs_cfg: dict

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cache_dict['num_heads'] = 1  # of masks, which are all alike
        # mmcv's batched_nms takes 10,000 boxes or more label by label, and
        # fails there under autocast, with boxes in float32 and scores not.
        # All have one label.
        self.dqs_cfg = {**self.dqs_cfg, 'split_thr': sys.maxsize}
        self.cache_dict['dqs_cfg'] = self.dqs_cfg

    def _init_layers(self) -> None:
        super()._init_layers()
        for layer in self.decoder.layers:
            # Not a new one: it would draw its weights once more, and change
            # those of all that is built after it.
            layer.self_attn.attn.__class__ = _FusedAttention


class _FusedAttention(nn.MultiheadAttention):
    """``nn.MultiheadAttention`` without weights as a result."""

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, None]:
        """Of (Q, B, C) each; the mask is (B, Q, Q) bool, True is left out."""
        if key_padding_mask is not None or is_causal:
            raise ValueError('queries have no padding and no order.')
        length, batch, dims = query.shape
        heads = self.num_heads, dims // self.num_heads
        weights = self.in_proj_weight.chunk(3)
        inputs = zip((query, key, value), weights, self.in_proj_bias.chunk(3))
        query, key, value = (
            F.linear(*each).unflatten(2, heads).permute(1, 2, 0, 3)
            for each in inputs
        )
        out = F.scaled_dot_product_attention(
            query,
            key,
            value,
            attn_mask=None if attn_mask is None else ~attn_mask[:, None],
            dropout_p=self.dropout if self.training else 0.0,
        )
        out = out.permute(2, 0, 1, 3).reshape(length, batch, dims)
        return self.out_proj(out), None
