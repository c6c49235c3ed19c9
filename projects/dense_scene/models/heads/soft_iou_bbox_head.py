"""A box head that also says how well its box fits."""

import torch
from mmdet.registry import MODELS
from mmdet.structures.bbox import bbox_overlaps, get_box_tensor
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData
from torch import Tensor, nn

from ...utils import checks
from .dense_bbox_head import DenseBBoxHead, reduce_detections

RANKINGS = ('class', 'soft_iou', 'product')


@MODELS.register_module()
class SoftIoUBBoxHead(DenseBBoxHead):
    """:class:`DenseBBoxHead` with a Soft-IoU branch.

    Source: section 3.3 of `Precise Detection in Densely Packed Scenes
    <https://arxiv.org/abs/1904.00853>`_: a sigmoid is trained, by binary
    cross-entropy, to be the IoU of the predicted box with its object. The box
    is decoded for it and detached, so that this loss moves no box. The loss
    is a mean over positives, ``loss_iou``. Differs from the published
    RetinaNet in that the branch is one linear layer on the head's two.

    The logit is the last column of ``bbox_pred``, so that mmdet's RoI heads
    carry it along. In a cascade that of the last stage counts, as its box
    does; class scores are averaged over the stages.

    Args:
        loss_iou (dict): A loss of logits and targets.
            Defaults to binary cross-entropy of weight 1.
        rank_by (str): What detections are ranked by: 'class', 'soft_iou', or
            the 'product' of both scores. Those below ``score_thr`` in class
            score are none in each case. Defaults to 'product'.
        **kwargs: Of the parent.

    Raises:
        ValueError: If ``rank_by`` is none of these.
    """

    def __init__(
        self,
        *args: object,
        loss_iou: dict | None = None,
        rank_by: str = 'product',
        **kwargs: object,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.rank_by = checks.choice('rank_by', rank_by, RANKINGS)
        self.loss_iou = MODELS.build(
            loss_iou
            or dict(type='CrossEntropyLoss', use_sigmoid=True, loss_weight=1.0)
        )
        self.fc_iou = nn.Linear(self.reg_last_dim, 1)
        if kwargs.get('init_cfg') is None:
            branch = dict(name='fc_iou')
            self.init_cfg += [dict(type='Normal', std=0.01, override=branch)]

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Class scores, (N, C + 1), and deltas with the logit of Soft-IoU in
        the last column, (N, 4 + 1) or (N, C * 4 + 1)."""
        if self.with_avg_pool:
            x = self.avg_pool(x)
        x = x.flatten(1)
        for fc in self.shared_fcs:
            x = self.relu(fc(x))
        return self.fc_cls(x), torch.cat((self.fc_reg(x), self.fc_iou(x)), 1)

    def loss(
        self,
        cls_score: Tensor,
        bbox_pred: Tensor,
        rois: Tensor,
        labels: Tensor,
        label_weights: Tensor,
        bbox_targets: Tensor,
        bbox_weights: Tensor,
        reduction_override: str | None = None,
    ) -> dict:
        """The parent's losses and ``loss_iou``."""
        deltas, logit = bbox_pred[:, :-1], bbox_pred[:, -1:]
        losses = super().loss(
            cls_score,
            deltas,
            rois,
            labels,
            label_weights,
            bbox_targets,
            bbox_weights,
            reduction_override,
        )
        positive = (labels >= 0) & (labels < self.num_classes)
        if not positive.any():
            return {**losses, 'loss_iou': logit[positive].sum()}
        target = self.overlaps(
            rois[positive],
            labels[positive],
            deltas[positive],
            bbox_targets[positive],
        )
        losses['loss_iou'] = self.loss_iou(
            logit[positive], target[:, None], avg_factor=len(target)
        )
        return losses

    @torch.no_grad()
    def overlaps(
        self, rois: Tensor, labels: Tensor, deltas: Tensor, targets: Tensor
    ) -> Tensor:
        """IoU of predicted boxes and their objects.

        Args:
            rois (Tensor): (P, 5), image and xyxy, of positives.
            labels (Tensor): (P, ).
            deltas (Tensor): (P, 4) or (P, C * 4).
            targets (Tensor): (P, 4), encoded, or boxes with
                ``reg_decoded_bbox``.

        Returns:
            Tensor: (P, ) in float32, 0 to 1.
        """
        if not self.reg_class_agnostic:
            deltas = deltas.view(len(deltas), -1, 4)
            rows = torch.arange(len(deltas), device=deltas.device)
            deltas = deltas[rows, labels]
        priors = rois[:, 1:].float()
        boxes = self.bbox_coder.decode(priors, deltas.float())
        targets = targets.float()
        if not self.reg_decoded_bbox:
            targets = self.bbox_coder.decode(priors, targets)
        return bbox_overlaps(
            get_box_tensor(boxes), get_box_tensor(targets), is_aligned=True
        ).clamp(0, 1)

    def regress_by_class(
        self, priors: Tensor, label: Tensor, bbox_pred: Tensor, img_meta: dict
    ) -> Tensor:
        """Of the parent, without the column of Soft-IoU."""
        deltas = bbox_pred[:, :-1]
        return super().regress_by_class(priors, label, deltas, img_meta)

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
        quality = bbox_pred[:, -1].sigmoid()
        raw = super()._predict_by_feat_single(
            roi, cls_score, bbox_pred[:, :-1], img_meta, rescale
        )
        if rcnn_test_cfg is None:
            return raw
        return reduce_detections(
            raw.bboxes, raw.scores, rcnn_test_cfg, quality, self.rank_by
        )
