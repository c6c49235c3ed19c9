"""The head of PP-YOLO."""

import copy
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from mmdet.models.dense_heads import YOLOV3Head
from mmdet.models.utils import filter_scores_and_topk
from mmdet.registry import MODELS
from mmdet.structures.bbox import bbox_overlaps
from mmengine.structures import InstanceData
from torch import Tensor, nn

from ...utils import checks
from ..post_processing.matrix_nms import matrix_nms
from .yolo_targets import max_iou, positives

_CODER = dict(type='GridSensitiveCoder', scale_x_y=1.05)
_SIGMOID = dict(type='CrossEntropyLoss', use_sigmoid=True, reduction='sum')
_L1 = dict(type='L1Loss', reduction='sum')
_IOU_SQUARED = dict(
    type='IoULoss', mode='square', loss_weight=2.5, reduction='sum'
)


def iou_aware_objectness(objectness: Tensor, iou: Tensor, factor: float):
    """objectness^(1 - factor) * iou^factor, of any one shape."""
    return objectness ** (1 - factor) * iou**factor


@MODELS.register_module()
class IoUAwareYOLOHead(YOLOV3Head):
    """YOLOv3's head with PP-YOLO's losses and a prediction of the IoU.

    Source: `PP-YOLO <https://arxiv.org/abs/2007.12099>`_ and PaddleDetection
    0.5. The raw outputs of an anchor are x, y, w, h, objectness, the classes
    and the IoU. Differences from mmdet's ``YOLOV3Head``:

    - One prior for each object (``yolo_targets.best_anchor_priors``). Priors
      without object are negative, except where the predicted box has an IoU
      above ``ignore_iou_thr`` with an object or an ignored box. There is no
      assigner, so no ``train_cfg``.
    - Losses: of the center in its cell and of the logarithms of the sides,
      1 - IoU^2 of the decoded box (these three weighted by 2 less the object's
      share of the image), and of the predicted IoU. All losses of an object
      are weighted by ``gt_instances.scores`` where there are any (MixUp).
      They are summed over an image and averaged over the batch.
    - A detection's score is class * objectness^(1 - f) * IoU^f, and this is
      what ``score_thr`` bounds. Boxes are cut at the image's edges.
    - ``test_cfg.nms`` may be ``dict(type='matrix_nms', ...)`` with arguments
      of :func:`matrix_nms`.

    Args:
        num_classes (int): Number of classes.
        in_channels (Sequence[int]): Channels of the neck's outputs.
        bbox_coder (dict): Defaults to a ``GridSensitiveCoder``.
        loss_cls, loss_conf, loss_iou_aware (dict): Binary losses.
        loss_xy, loss_wh (dict): Losses of codes. Default to L1.
        loss_iou (dict): Loss of boxes. Defaults to 2.5 (1 - IoU^2).
        ignore_iou_thr (float): Defaults to 0.7.
        iou_factor (float): f above. Defaults to 0.4.
        **kwargs: As in ``YOLOV3Head``.
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: Sequence[int],
        bbox_coder: dict = _CODER,
        loss_cls: dict = _SIGMOID,
        loss_conf: dict = _SIGMOID,
        loss_xy: dict = _L1,
        loss_wh: dict = _L1,
        loss_iou: dict = _IOU_SQUARED,
        loss_iou_aware: dict = _SIGMOID,
        ignore_iou_thr: float = 0.7,
        iou_factor: float = 0.4,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            num_classes,
            in_channels,
            bbox_coder=bbox_coder,
            loss_cls=loss_cls,
            loss_conf=loss_conf,
            loss_xy=loss_xy,
            loss_wh=loss_wh,
            **kwargs,
        )
        self.loss_iou = MODELS.build(loss_iou)
        self.loss_iou_aware = MODELS.build(loss_iou_aware)
        self.ignore_iou_thr = checks.number(
            'ignore_iou_thr', ignore_iou_thr, '[0, 1]'
        )
        self.iou_factor = checks.number('iou_factor', iou_factor, '[0, 1]')

    @property
    def num_attrib(self) -> int:
        """Outputs of an anchor: box, objectness, classes and IoU."""
        return 6 + self.num_classes

    def init_weights(self) -> None:
        """As the parent class; the predicted IoU starts at 0.5."""
        super().init_weights()
        for conv in self.convs_pred:
            bias = conv.bias.data.view(self.num_base_priors, -1)
            nn.init.zeros_(bias[:, -1])

    def loss_by_feat(
        self,
        pred_maps: Sequence[Tensor],
        batch_gt_instances: Sequence[InstanceData],
        batch_img_metas: Sequence[dict],
        batch_gt_instances_ignore: Sequence[InstanceData] | None = None,
    ) -> dict[str, Tensor]:
        """Losses of a batch: sums over an image, means over the batch.

        Args:
            pred_maps (Sequence[Tensor]): (N, A (6 + C), H, W) of each level.
            batch_gt_instances (Sequence[InstanceData]): ``bboxes`` (G, 4)
                xyxy in pixels of the input, ``labels`` and, from MixUp,
                ``scores`` (G, ). Boxes without area are no objects.
            batch_img_metas (Sequence[dict]): Not read.
            batch_gt_instances_ignore (Sequence[InstanceData], optional):
                ``bboxes`` near which nothing is negative.
        """
        preds, priors, strides = self._flatten(pred_maps)
        shapes = [pred.shape[-2:] for pred in pred_maps]
        boxes = self._decode(preds, priors, strides)
        ignored = batch_gt_instances_ignore or [None] * len(preds)
        losses: dict[str, Tensor] = {}
        for pred, box, gts, ignore in zip(
            preds, boxes, batch_gt_instances, ignored
        ):
            parts = self._loss_single(
                pred, box, priors, strides, shapes, gts, ignore
            )
            for name, value in parts.items():
                losses[name] = losses.get(name, 0) + value / len(preds)
        return losses

    def _loss_single(
        self, pred, boxes, priors, strides, shapes, gts, ignore
    ) -> dict[str, Tensor]:
        """Losses of one image, from (P, 6 + C) and decoded (P, 4)."""
        height, width = (side * self.featmap_strides[0] for side in shapes[0])
        prior, gt, score = positives(
            gts, self.prior_generator.base_sizes, self.featmap_strides, shapes
        )
        target_box, pos, pos_box = gts.bboxes[gt], pred[prior], boxes[prior]
        target = self.bbox_coder.encode(
            priors[prior], target_box, strides[prior, 0]
        )
        area = (target_box[:, 2:] - target_box[:, :2]).prod(1)
        weight = (2 - area / (height * width)) * score
        center = self.bbox_coder.offsets(pos[:, :2].sigmoid())

        one_hot = F.one_hot(gts.labels[gt], self.num_classes).float()
        smooth = self.one_hot_smoother
        one_hot = one_hot * (1 - smooth) + smooth / self.num_classes
        iou = bbox_overlaps(pos_box.detach(), target_box, is_aligned=True)

        known = gts.bboxes
        if ignore is not None and 'bboxes' in ignore:
            known = torch.cat((known, ignore.bboxes))
        overlap = max_iou(boxes.detach(), known)
        conf_weight = (overlap <= self.ignore_iou_thr).float()
        conf_weight[prior] = score
        conf = torch.zeros_like(conf_weight)
        conf[prior] = 1
        return dict(
            loss_cls=self.loss_cls(pos[:, 5:-1], one_hot, score[:, None]),
            loss_conf=self.loss_conf(
                pred[:, 4:5], conf[:, None], conf_weight[:, None]
            ),
            loss_xy=self.loss_xy(center, target[:, :2], weight[:, None]),
            loss_wh=self.loss_wh(pos[:, 2:4], target[:, 2:], weight[:, None]),
            loss_iou=self.loss_iou(pos_box, target_box, weight),
            loss_iou_aware=self.loss_iou_aware(
                pos[:, -1:], iou[:, None], score[:, None]
            ),
        )

    def _flatten(self, pred_maps: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Outputs (N, P, 6 + C) in float32, anchors (P, 4), strides (P, 1)."""
        preds = [
            pred.permute(0, 2, 3, 1).reshape(len(pred), -1, self.num_attrib)
            for pred in pred_maps
        ]
        priors = self.prior_generator.grid_priors(
            [pred.shape[-2:] for pred in pred_maps], device=preds[0].device
        )
        strides = [
            prior.new_full((len(prior), 1), stride)
            for prior, stride in zip(priors, self.featmap_strides)
        ]
        flat = torch.cat(preds, dim=1).float()
        return flat, torch.cat(priors), torch.cat(strides)

    def _decode(self, preds: Tensor, priors: Tensor, strides: Tensor):
        """(N, P, 4), xyxy, pixels of the input."""
        code = torch.cat((preds[..., :2].sigmoid(), preds[..., 2:4]), -1)
        return self.bbox_coder.decode(priors, code, strides)

    def predict_by_feat(
        self,
        pred_maps: Sequence[Tensor],
        batch_img_metas: Sequence[dict],
        cfg: dict | None = None,
        rescale: bool = False,
        with_nms: bool = True,
    ) -> list[InstanceData]:
        """Detections of each image; arguments as in ``YOLOV3Head``."""
        cfg = copy.deepcopy(self.test_cfg if cfg is None else cfg)
        preds, priors, strides = self._flatten(pred_maps)
        sigmoids = preds[..., 4:].sigmoid()
        batch_scores = sigmoids[..., 1:-1] * iou_aware_objectness(
            sigmoids[..., :1], sigmoids[..., -1:], self.iou_factor
        )
        results = []
        for boxes, scores, meta in zip(
            self._decode(preds, priors, strides), batch_scores, batch_img_metas
        ):
            most = cfg.get('nms_pre', -1)
            most = most if most > 0 else scores.numel()
            scores, labels, keep, _ = filter_scores_and_topk(
                scores, cfg.get('score_thr', 0), most
            )
            height, width = meta['img_shape'][:2]
            limit = boxes.new_tensor([width, height, width, height])
            boxes = torch.min(boxes[keep].clamp(min=0), limit)
            found = InstanceData(bboxes=boxes, scores=scores, labels=labels)
            results.append(
                self._bbox_post_process(found, cfg, rescale, with_nms, meta)
            )
        return results

    def _bbox_post_process(
        self, results, cfg, rescale=False, with_nms=True, img_meta=None
    ) -> InstanceData:
        """The stock rescaling and NMS, and Matrix NMS."""
        nms = dict(cfg.get('nms') or {})
        ours = with_nms and nms.pop('type', None) == 'matrix_nms'
        results = super()._bbox_post_process(
            results, cfg, rescale, with_nms and not ours, img_meta
        )
        if ours:
            scores, keep = matrix_nms(
                results.bboxes,
                results.scores,
                results.labels,
                max_num=cfg.get('max_per_img', -1),
                **nms,
            )
            results = results[keep]
            results.scores = scores
        return results
