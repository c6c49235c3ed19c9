"""Test-time augmentation under the limits of the model."""

import sys
from typing import Any

from mmdet.models import DetTTAModel
from mmdet.registry import MODELS
from mmengine.config import ConfigDict

from ...utils.model_wrappers import peel

# What mmcv's batched_nms, which merges the views, knows.
_KINDS = ('nms', 'soft_nms')


@MODELS.register_module()
class DenseTTAModel(DetTTAModel):
    """``DetTTAModel`` that keeps as many detections as its detector.

    Differs from it: ``tta_cfg`` is not needed. ``max_per_img`` and ``nms``
    are those of the detector's ``test_cfg`` (of ``test_cfg.rcnn`` for two
    stages), so that they always agree; where that has none, or a kind of NMS
    that is not for merging, plain NMS at its threshold or at 0.5. mmdet's
    default keeps 100, which on shelves of 200 objects costs a third of the
    recall.

    Args:
        tta_cfg (dict, optional): Values to be used instead.
        kwargs: Of ``BaseTTAModel``.

    Example:
        >>> tta_model = dict(type='DenseTTAModel')
    """

    def __init__(self, tta_cfg: dict | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        limits = _limits(peel(self)[-1].test_cfg or {})
        self.tta_cfg = ConfigDict({**limits, **(tta_cfg or {})})


def _limits(test_cfg: dict) -> dict:
    part = test_cfg.get('rcnn') or test_cfg
    nms = dict(part.get('nms') or {})
    if nms.get('type', 'nms') not in _KINDS or 'iou_threshold' not in nms:
        threshold = nms.get('iou_threshold', 0.5)
        nms = dict(type='nms', iou_threshold=threshold)
    # YOLOX has no such limit.
    return dict(nms=nms, max_per_img=part.get('max_per_img', sys.maxsize))
