"""DDQDETRHead for many objects, under autocast and with few queries too."""

from typing import Any

import torch
from mmdet.models.dense_heads import DDQDETRHead
from mmdet.models.losses import DDQAuxLoss
from mmdet.registry import MODELS
from mmengine.structures import InstanceData
from torch import Tensor

from ..losses.dense_ddq_aux_loss import DenseDDQAuxLoss


@MODELS.register_module()
class DenseDDQDETRHead(DDQDETRHead):
    """The head of DDQ-DETR, with its losses in float32 under autocast.

    Source: its parent, ``mmdet.DDQDETRHead``, whose losses it gives bit by
    bit where nothing is autocast. Differs from it: targets of the dense
    queries come from :class:`DenseDDQAuxLoss`, since three quarters of a
    training step on a GPU went there. Under autocast the parent
    stops with "Index put requires the source and destination dtypes match",
    since its dense branch writes float32 targets into a half-precision
    tensor, and on CUDA at the loss of its auxiliary heads, a
    ``binary_cross_entropy``, which torch forbids there. And where fewer
    distinct queries than ``max_per_img`` are left, the parent stops a test
    with "selected index k out of range"; here they are the detections.

    Args:
        args, kwargs: Of the parent.

    Example:
        >>> bbox_head = dict(type='DenseDDQDETRHead', num_classes=1)
    """

    test_cfg: dict
    aux_loss_for_dense: DDQAuxLoss

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.aux_loss_for_dense = DenseDDQAuxLoss(
            train_cfg=self.aux_loss_for_dense.train_cfg
        )

    def loss(
        self, hidden_states: Tensor, *args: object, **kwargs: object
    ) -> dict[str, Tensor]:
        """The parent's losses, of its arguments in float32."""
        device = hidden_states.device.type
        args = tuple(map(_float32, (hidden_states, *args)))
        kwargs = {name: _float32(value) for name, value in kwargs.items()}
        with torch.autocast(device, enabled=False):
            return super().loss(*args, **kwargs)

    def _predict_by_feat_single(
        self, cls_score: Tensor, *args: object, **kwargs: object
    ) -> InstanceData:
        cap = self.test_cfg.get('max_per_img', len(cls_score))
        there = self.test_cfg
        self.test_cfg = {**there, 'max_per_img': min(cap, cls_score.numel())}
        try:
            return super()._predict_by_feat_single(cls_score, *args, **kwargs)
        finally:
            self.test_cfg = there


def _float32(value: object) -> object:
    """Floating tensors in float32, of a list too; anything else as it is."""
    if isinstance(value, (list, tuple)):
        return [_float32(item) for item in value]
    if isinstance(value, Tensor) and value.is_floating_point():
        return value.float()
    return value
