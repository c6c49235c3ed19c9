"""The box head of the two-stage configs, with every way to drop duplicates."""

from mmdet.models.roi_heads.bbox_heads import Shared2FCBBoxHead
from mmdet.registry import MODELS
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData
from torch import Tensor

from ..post_processing.nms import DENSE_TYPES, dense_nms


@MODELS.register_module()
class DenseBBoxHead(Shared2FCBBoxHead):
    """``Shared2FCBBoxHead`` whose NMS is any that :func:`dense_nms` knows.

    Source: its parent, with the same arguments, parameters and losses; with
    one of mmcv's NMS types also with the same detections, but that under
    autocast the deltas stay float32 (:class:`Float32Linear`). What it adds is
    chosen by one key, ``test_cfg.rcnn.nms``: ``type`` may also be
    'diou_nms', 'matrix_nms', 'set_nms' or 'em_merger', the others of the
    dict being the arguments of
    :func:`~dense_scene.models.post_processing.nms.dense_nms`. A head, since
    mmcv looks a type up in its own module and there is no registry of them.

    Example:
        >>> test_cfg = dict(
        ...     rcnn=dict(nms=dict(type='diou_nms', iou_threshold=0.5))
        ... )
    """

    def __init__(self, *args: object, **kwargs: object) -> None:
        kwargs.setdefault('reg_predictor_cfg', dict(type='Float32Linear'))
        super().__init__(*args, **kwargs)

    def _predict_by_feat_single(
        self,
        roi: Tensor,
        cls_score: Tensor,
        bbox_pred: Tensor,
        img_meta: dict,
        rescale: bool = False,
        rcnn_test_cfg: ConfigDict | None = None,
    ) -> InstanceData:
        """Detections of one image; arguments and result of the parent."""
        args = roi, cls_score, bbox_pred, img_meta, rescale
        if rcnn_test_cfg is None or not self._ours(rcnn_test_cfg):
            return super()._predict_by_feat_single(*args, rcnn_test_cfg)
        # Without a config the parent gives what it has before NMS.
        raw = super()._predict_by_feat_single(*args, None)
        return reduce_detections(raw.bboxes, raw.scores, rcnn_test_cfg)

    def _ours(self, rcnn_test_cfg: ConfigDict) -> bool:
        return rcnn_test_cfg.nms.get('type') in DENSE_TYPES


def reduce_detections(
    boxes: Tensor,
    scores: Tensor,
    rcnn_test_cfg: ConfigDict,
    quality: Tensor | None = None,
    rank_by: str = 'class',
) -> InstanceData:
    """The detections of one image as ``test_cfg.rcnn`` asks for them.

    Args:
        boxes (Tensor): (N, 4), or (N, C * 4), a box for each class.
        scores (Tensor): (N, C + 1), of the classes and the background.
        rcnn_test_cfg (ConfigDict): ``score_thr``, below which a class score
            makes no detection, ``nms`` and ``max_per_img``.
        quality (Tensor, optional): (N, ), Soft-IoU.
        rank_by (str): 'class', 'soft_iou' or 'product', what detections are
            ranked by. Defaults to 'class'.

    Returns:
        InstanceData: ``bboxes``, ``scores`` and ``labels``.
    """
    scores = scores[:, :-1]
    row, label = (scores > rcnn_test_cfg.score_thr).nonzero(as_tuple=True)
    boxes = boxes.view(len(boxes), boxes.shape[1] // 4, 4)
    boxes = boxes[row, label if boxes.shape[1] > 1 else 0]
    score = scores[row, label]
    if quality is not None:
        quality = quality[row].to(score.dtype)
        score = {
            'class': score,
            'soft_iou': quality,
            'product': score * quality,
        }[rank_by]
    boxes, score, label = dense_nms(
        boxes,
        score,
        label,
        rcnn_test_cfg.nms,
        rcnn_test_cfg.max_per_img,
        quality,
    )
    return InstanceData(bboxes=boxes, scores=score, labels=label)
