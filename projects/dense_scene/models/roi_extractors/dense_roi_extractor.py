"""RoI features of several levels, written once."""

from collections.abc import Sequence
from typing import Any

import torch
from mmdet.models.roi_heads.roi_extractors import SingleRoIExtractor
from mmdet.registry import MODELS
from torch import Tensor
from torch.autograd.function import once_differentiable


@MODELS.register_module()
class DenseRoIExtractor(SingleRoIExtractor):
    """``SingleRoIExtractor`` for thousands of RoIs.

    Source: its parent, with the same arguments, values and gradients.
    Differs in two ways:

    - The parent puts each level's features into a tensor of zeros, and the
      gradient of that is a copy of the whole tensor for each level: 154 MB
      with 3,072 RoIs, nine times in a training step of Cascade R-CNN. Here a
      level's rows are copied once, forward and backward.
    - With bfloat16 features RoIAlign runs in float32. The parent would round
      the RoIs: bfloat16 has a step of 4 pixels at 1,000.

    For layers without parameters (RoIAlign, RoIPool).

    Example:
        >>> roi_head = dict(bbox_roi_extractor=dict(type='DenseRoIExtractor'))
    """

    def forward(
        self,
        feats: Sequence[Tensor],
        rois: Tensor,
        roi_scale_factor: float | None = None,
    ) -> Tensor:
        """Features of RoIs, each from the level of its size.

        Args:
            feats (Sequence[Tensor]): (N, C, H, W) of each level.
            rois (Tensor): (R, 5), image index and xyxy box in pixels.
            roi_scale_factor (float, optional): What sides are multiplied by.

        Returns:
            Tensor: (R, C, P, Q) in the dtype of ``feats``.
        """
        dtype = feats[0].dtype
        wide = torch.float32 if dtype == torch.bfloat16 else dtype
        rois = rois.to(wide)
        level = self.map_roi_levels(rois, len(feats))
        if roi_scale_factor is not None:
            rois = self.roi_rescale(rois, roi_scale_factor)
        rows = [(level == i).nonzero().squeeze(1) for i in range(len(feats))]
        parts = [
            self._pool(layer, feat.to(wide), rois[row]).to(dtype)
            for layer, feat, row in zip(self.roi_layers, feats, rows)
        ]
        return _JoinRows.apply(rows, *parts)

    def _pool(self, layer: Any, feat: Tensor, rois: Tensor) -> Tensor:
        if len(rois):
            return layer(feat, rois)
        # Of the graph nevertheless: gradients that are missing on one GPU
        # only stop DistributedDataParallel.
        return feat[:0, :, :1, :1].expand(-1, -1, *layer.output_size)


class _JoinRows(torch.autograd.Function):
    """Rows of several tensors, put where they belong."""

    @staticmethod
    def forward(ctx: Any, rows: list[Tensor], *parts: Tensor) -> Tensor:
        ctx.rows = rows
        joined = parts[0].new_empty(sum(map(len, rows)), *parts[0].shape[1:])
        for row, part in zip(rows, parts):
            joined[row] = part
        return joined

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        return None, *(grad[row] for row in ctx.rows)
