"""A box head that predicts two objects for each proposal."""

from collections.abc import Callable

import torch
from mmdet.models.roi_heads.bbox_heads import MultiInstanceBBoxHead
from mmdet.models.task_modules.samplers import SamplingResult
from mmdet.registry import MODELS
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData
from torch import Tensor

from ..post_processing.nms import dense_nms

# In mmdet's MultiInstanceBBoxHead the background comes before the classes.
BACKGROUND = 0


def emd_loss(
    cls_score: Tensor,
    bbox_pred: Tensor,
    labels: Tensor,
    targets: Tensor,
    loss_cls: Callable[[Tensor, Tensor], Tensor],
    loss_bbox: Callable[[Tensor, Tensor], Tensor],
) -> Tensor:
    """The loss of each proposal in the cheaper order of its two boxes.

    Source: Eq. (2) of `CrowdDet <https://arxiv.org/abs/2003.09163>`_, K = 2.

    Args:
        cls_score (Tensor): (N, 2 * (C + 1)), logits of the background and of
            C classes, twice.
        bbox_pred (Tensor): (N, 8), two boxes.
        labels (Tensor): (N, 2), 1 to C for an object, 0 for the background.
        targets (Tensor): (N, 8); where there is no object they do not count.
        loss_cls, loss_bbox: Losses without reduction, of (M, C + 1) logits
            and (M, ) labels, (M, ), and of (M, 4) boxes, (M, 4).

    Returns:
        Tensor: (N, ).
    """
    scores = cls_score.view(-1, 2, cls_score.shape[1] // 2)
    boxes = bbox_pred.view(-1, 2, 4)
    row, slot = (labels > BACKGROUND).nonzero(as_tuple=True)
    wanted = targets.view(-1, 2, 4)[row, slot]
    costs = []
    for flip in (False, True):
        turned = scores.flip(1) if flip else scores
        cost = loss_cls(turned.flatten(0, 1), labels.flatten())
        cost = cost.view(-1, 2).sum(1)
        if len(row):
            predicted = boxes[row, 1 - slot if flip else slot]
            distance = loss_bbox(predicted, wanted).sum(1)
            cost = cost.index_add(0, row, distance.to(cost.dtype))
        costs.append(cost)
    return torch.stack(costs).min(dim=0).values


@MODELS.register_module()
class EMDBBoxHead(MultiInstanceBBoxHead):
    """``MultiInstanceBBoxHead`` for the stages of a cascade.

    Source: `CrowdDet <https://arxiv.org/abs/2003.09163>`_, Eq. (2) and
    section 3.2: a proposal predicts K = 2 boxes; the loss is that of the
    better assignment of them to the two objects that it overlaps most. One
    of less than the stage's ``pos_iou_thr`` is background. The layers are the
    parent's, but that under autocast the deltas stay float32, as in
    :class:`DenseBBoxHead`.

    Differs from the parent, whose assigner fails on images of one object and
    whose loss on batches without: it takes the samples of
    :class:`SecondObjectSampler` with any assigner, so that an image may have
    any number; it refines boxes for the next stage; detections come by
    falling score, with integer labels, through ``test_cfg.rcnn.nms``,
    'set_nms' or any other of :func:`dense_nms`.

    Args:
        *args, **kwargs: Of the parent. ``loss_cls`` and ``loss_bbox`` need
            ``reduction='none'``.

    Raises:
        ValueError: For boxes by class, ``reg_decoded_bbox``, ``with_refine``,
            losses that are reduced or sigmoids in place of a softmax.
    """

    def __init__(self, *args: object, **kwargs: object) -> None:
        kwargs.setdefault('reg_predictor_cfg', dict(type='Float32Linear'))
        super().__init__(*args, **kwargs)
        one_box = self.reg_class_agnostic or self.num_classes == 1
        use_sigmoid = getattr(self.loss_cls, 'use_sigmoid', False)
        for name, value, wanted in (
            ('reg_class_agnostic', one_box, True),
            ('reg_decoded_bbox', self.reg_decoded_bbox, False),
            ('with_refine', self.with_refine, False),
            ('loss_cls.use_sigmoid', use_sigmoid, False),
            ('loss_cls.reduction', self.loss_cls.reduction, 'none'),
            ('loss_bbox.reduction', self.loss_bbox.reduction, 'none'),
        ):
            if value != wanted:
                raise ValueError(
                    f'{name} must be {wanted!r}, but got {value!r}.'
                )

    def get_targets(
        self,
        sampling_results: list[SamplingResult],
        rcnn_train_cfg: ConfigDict,
        concat: bool = True,
    ) -> tuple:
        """Two objects for each sample, the background among them.

        Args:
            sampling_results (list[SamplingResult]): Of each image, from
                :class:`SecondObjectSampler`.
            rcnn_train_cfg (ConfigDict): Of the stage.
            concat (bool): One tensor for the batch. Defaults to True.

        Returns:
            tuple: Labels, (N, 2), 1 + that of an object or 0 for none, and
            their weights; encoded boxes, (N, 8), and their weights.
        """
        threshold = rcnn_train_cfg.assigner.pos_iou_thr
        targets = [
            self._targets_of_image(result, threshold)
            for result in sampling_results
        ]
        columns = zip(*targets)
        return tuple(torch.cat(c) if concat else list(c) for c in columns)

    def _targets_of_image(
        self, result: SamplingResult, threshold: float
    ) -> tuple[Tensor, ...]:
        positives, priors = result.pos_priors, result.priors
        labels = result.pos_inds.new_full((len(priors), 2), BACKGROUND)
        encoded = priors.new_zeros(len(priors), 2, 4)
        if len(positives):
            labels[: len(positives), 0] = 1 + result.pos_gt_labels
            labels[: len(positives), 1] = torch.where(
                result.second_overlaps >= threshold,
                1 + result.second_gt_labels,
                BACKGROUND,
            )
            for slot, objects in enumerate(
                (result.pos_gt_bboxes, result.second_gt_bboxes)
            ):
                encoded[: len(positives), slot] = self.bbox_coder.encode(
                    positives, objects
                )
        is_object = (labels > BACKGROUND)[..., None].expand_as(encoded)
        return (
            labels,
            torch.ones_like(labels, dtype=encoded.dtype),
            encoded.flatten(1),
            is_object.to(encoded.dtype).flatten(1),
        )

    def loss(
        self,
        cls_score: Tensor,
        bbox_pred: Tensor,
        rois: Tensor,
        labels: Tensor,
        label_weights: Tensor,
        bbox_targets: Tensor,
        bbox_weights: Tensor,
        **kwargs: object,
    ) -> dict:
        """``loss_rcnn_emd``, the mean of :func:`emd_loss`; other arguments
        have no effect."""
        if not len(labels):
            return dict(loss_rcnn_emd=cls_score.sum() + bbox_pred.sum())
        cost = emd_loss(
            cls_score,
            bbox_pred,
            labels,
            bbox_targets,
            self.loss_cls,
            self.loss_bbox,
        )
        return dict(loss_rcnn_emd=cost.mean())

    @torch.no_grad()
    def refine_bboxes(
        self,
        sampling_results: list[SamplingResult],
        bbox_results: dict,
        batch_img_metas: list[dict],
    ) -> list[InstanceData] | None:
        """Both boxes of each sample, but for those of objects themselves.

        Arguments as in ``BBoxHead.refine_bboxes``; the order of the result
        is that of the samples, two by two.
        """
        rois, bbox_pred = bbox_results['rois'], bbox_results['bbox_pred']
        if not len(rois):
            return None
        refined = []
        for i, result in enumerate(sampling_results):
            mine = rois[:, 0] == i
            boxes = self.decode_both(
                rois[mine, 1:], bbox_pred[mine], batch_img_metas[i]
            )
            drawn = torch.ones(
                len(boxes), dtype=torch.bool, device=rois.device
            )
            drawn[: len(result.pos_is_gt)] = result.pos_is_gt == 0
            refined.append(InstanceData(bboxes=boxes[drawn].flatten(0, 1)))
        return refined

    def decode_both(
        self, priors: Tensor, bbox_pred: Tensor, img_meta: dict
    ) -> Tensor:
        """The two boxes of (N, 4) priors and (N, 8) deltas, (N, 2, 4)."""
        boxes = self.bbox_coder.decode(
            priors.repeat_interleave(2, dim=0),
            bbox_pred.reshape(-1, 4),
            max_shape=img_meta['img_shape'],
        )
        return boxes.view(-1, 2, 4)

    def class_scores(self, cls_score: Tensor) -> Tensor:
        """Probabilities of the classes and, last, of the background.

        Of both boxes, (N, 2, C + 1), from (N, 2 * (C + 1)) logits.
        """
        logits = cls_score.view(-1, 2, self.num_classes + 1)
        return logits.softmax(-1).roll(-1, dims=-1)

    def _predict_by_feat_single(
        self,
        roi: Tensor,
        cls_score: Tensor,
        bbox_pred: Tensor,
        img_meta: dict,
        rescale: bool = False,
        rcnn_test_cfg: ConfigDict | None = None,
    ) -> InstanceData:
        """Detections of one image; arguments and result of ``BBoxHead``."""
        boxes = self.decode_both(roi[:, 1:], bbox_pred, img_meta).flatten(0, 1)
        scores = self.class_scores(cls_score).flatten(0, 1)
        if rescale:
            boxes = boxes / boxes.new_tensor(img_meta['scale_factor']).repeat(
                2
            )
        if rcnn_test_cfg is None:
            return InstanceData(bboxes=boxes, scores=scores)
        scores = scores[:, :-1]
        row, label = (scores > rcnn_test_cfg.score_thr).nonzero(as_tuple=True)
        boxes, scores, labels = dense_nms(
            boxes[row],
            scores[row, label],
            label,
            rcnn_test_cfg.nms,
            rcnn_test_cfg.max_per_img,
            sets=row // 2,
        )
        return InstanceData(bboxes=boxes, scores=scores, labels=labels)
