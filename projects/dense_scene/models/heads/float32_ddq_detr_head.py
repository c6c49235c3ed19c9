"""DDQDETRHead that trains under autocast."""

import torch
from mmdet.models.dense_heads import DDQDETRHead
from mmdet.registry import MODELS
from torch import Tensor


@MODELS.register_module()
class Float32DDQDETRHead(DDQDETRHead):
    """Compute the losses of DDQ-DETR in float32, whatever autocast does.

    Source: its parent, ``mmdet.DDQDETRHead``, whose losses it gives bit by
    bit where nothing is autocast. Differs from it: under autocast the parent
    stops with "Index put requires the source and destination dtypes match",
    since its dense branch writes float32 targets into a half-precision
    tensor; here scores and boxes become float32 before they are matched.

    Args:
        args, kwargs: Of the parent.

    Example:
        >>> bbox_head = dict(type='Float32DDQDETRHead', num_classes=1)
    """

    def loss_by_feat(
        self, all_layers_cls_scores: Tensor, *args, **kwargs
    ) -> dict[str, Tensor]:
        """The parent's losses, of its arguments in float32."""
        device = all_layers_cls_scores.device.type
        outputs = (all_layers_cls_scores, *args)
        with torch.autocast(device, enabled=False):
            return super().loss_by_feat(*map(_float32, outputs), **kwargs)


def _float32(value: object) -> object:
    """Floating tensors in float32; anything else as it is."""
    if isinstance(value, Tensor) and value.is_floating_point():
        return value.float()
    return value
