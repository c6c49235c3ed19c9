"""A two-stage detector without a decision that depends on its input."""

import math
from collections.abc import Sequence

import torch
from mmdet.models.detectors import TwoStageDetector
from mmdet.models.roi_heads import CascadeRoIHead, StandardRoIHead
from mmdet.models.task_modules.coders import DeltaXYWHBBoxCoder
from torch import Tensor, nn

from .operators import nms, pyramid_roi_align
from .sides import STRIDE

# Those whose boxes are what forward() and plain NMS give; by name, as ours is
# in another room.
_HEADS = (
    *('ConvFCBBoxHead', 'Shared2FCBBoxHead', 'Shared4Conv1FCBBoxHead'),
    'DenseBBoxHead',
)


class CascadeGraph(nn.Module):
    """From pixels to final boxes, for :func:`torch.export.export`.

    The same arithmetic as ``TwoStageDetector.predict`` of one image, with the
    weights of the model it is given; mmdet's own code asks how many boxes
    there are, which an exported graph cannot. Sizes and numbers of boxes are
    free; the caps are those of ``test_cfg``.

    Args:
        model (nn.Module): Faster or Cascade R-CNN of mmdet, with heads of
            ``ConvFCBBoxHead``, RoIAlign and plain NMS.

    Shape:
        - image: (1, 3, H, W) float32, as ``data_preprocessor`` gets it (BGR,
          0 to 255), H and W multiples of 32 from 96 on.
        - size: (2, ) float32, height and width of what of it is image; the
          rest, below and on the right, is padding of any value. mmdet pads
          a side of less than 65 pixels less.
        - output: boxes (K, 4), xyxy in pixels of the input, scores (K, ) and
          labels (K, ) int64, by falling score.

    Raises:
        ValueError: If the model has a part that is computed in another way.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        _refuse_others(model)
        self.model = model.eval()
        self.heads = _bbox_heads(model)
        preprocessor = model.data_preprocessor
        self.swaps = bool(preprocessor._channel_conversion)
        one = torch.ones(3, 1, 1)
        normal = getattr(preprocessor, '_enable_normalize', False)
        mean, std = preprocessor.mean, preprocessor.std if normal else one
        self.register_buffer('mean', mean if normal else one * 0)
        self.register_buffer('std', std)

    def forward(
        self, image: Tensor, size: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Boxes, scores and labels of one image."""
        features = self.model.extract_feat(self._normalize(image, size))
        rois = self._propose(features, size)
        logits = []
        for stage, head in enumerate(self.heads):
            pooled, place = self._pool(stage, features, rois)
            score, deltas = (part[place] for part in head(pooled))
            logits.append(score)
            if stage < len(self.heads) - 1:
                label = score[:, :-1].argmax(dim=1)
                deltas = _of_class(head, deltas, label)
                rois = decode(head.bbox_coder, rois, deltas, size)
        score = sum(logits) / len(logits)
        return self._finish(rois, score.softmax(-1), deltas, size)

    def _normalize(self, image: Tensor, size: Tensor) -> Tensor:
        if self.swaps:
            image = image.flip(1)
        image = (image - self.mean) / self.std
        row = torch.arange(image.shape[2], device=image.device)
        column = torch.arange(image.shape[3], device=image.device)
        inside = (row < size[0])[:, None] & (column < size[1])
        return image * inside

    def _propose(self, features: Sequence[Tensor], size: Tensor) -> Tensor:
        """The proposals of all levels, (R, 4)."""
        head = self.model.rpn_head
        cfg = self.model.test_cfg.rpn
        parts, scores, levels = [], [], []
        for level, (logit, deltas) in enumerate(zip(*head(features))):
            anchors = head.prior_generator.single_level_grid_priors(
                logit.shape[-2:], level, dtype=logit.dtype, device=logit.device
            )
            logit = logit[0].permute(1, 2, 0).reshape(-1)
            deltas = deltas[0].permute(1, 2, 0).reshape(-1, 4)
            count = logit.shape[0]
            if (most := cfg.get('nms_pre', -1)) > 0:
                count = torch.sym_min(most, count)
            score, best = logit.sigmoid().topk(count)
            scores.append(score)
            coder = head.bbox_coder
            parts.append(decode(coder, anchors[best], deltas[best], size))
            levels.append(torch.full_like(score, float(level)))
        boxes, score = torch.cat(parts), torch.cat(scores)
        if (least := cfg.get('min_bbox_size', -1)) >= 0:
            fits = ((boxes[:, 2:] - boxes[:, :2]) > least).all(dim=1)
            score = torch.where(fits, score, -1.0)
        keep = nms(
            _apart(boxes, torch.cat(levels)),
            score,
            cfg.nms.iou_threshold,
            -0.5,
            cfg.max_per_img,
        )
        return boxes[keep]

    def _pool(
        self, stage: int, features: Sequence[Tensor], rois: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Features of RoIs, level by level, and where those of each are."""
        extractor = self.model.roi_head.bbox_roi_extractor
        if isinstance(extractor, nn.ModuleList):
            extractor = extractor[stage]
        layers = extractor.roi_layers
        padded = torch.cat([torch.zeros_like(rois[:, :1]), rois], dim=1)
        level = extractor.map_roi_levels(padded, len(layers))
        return pyramid_roi_align(
            list(features[: len(layers)]),
            rois,
            level,
            layers[0].output_size[0],
            [layer.spatial_scale for layer in layers],
            layers[0].sampling_ratio,
            layers[0].aligned,
        )

    def _finish(
        self, rois: Tensor, scores: Tensor, deltas: Tensor, size: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """One box for each class and RoI, and what NMS leaves of them."""
        cfg, head = self.model.test_cfg.rcnn, self.heads[-1]
        classes = head.num_classes
        boxes = [
            decode(
                head.bbox_coder,
                rois,
                deltas
                if head.reg_class_agnostic
                else deltas[:, 4 * label : 4 * label + 4],
                size,
            )
            for label in range(1 if head.reg_class_agnostic else classes)
        ]
        box = torch.stack(boxes, dim=1)  # (R, 1 or K, 4)
        box = box.expand(-1, classes, -1).reshape(-1, 4)
        label = torch.arange(classes, device=box.device)
        label = label.expand(rois.shape[0], -1).reshape(-1)
        score = scores[:, :-1].reshape(-1)
        most = cfg.max_per_img if cfg.max_per_img > 0 else 2**31 - 1
        how = cfg.nms.iou_threshold, cfg.score_thr, most
        keep = nms(_apart(box, label.to(box.dtype)), score, *how)
        return box[keep], score[keep], label[keep]


def decode(
    coder: DeltaXYWHBBoxCoder, boxes: Tensor, deltas: Tensor, size: Tensor
) -> Tensor:
    """``DeltaXYWHBBoxCoder.decode`` of (N, 4), clipped to a (2, ) size."""
    deltas = deltas * deltas.new_tensor(coder.stds)
    deltas = deltas + deltas.new_tensor(coder.means)
    sides = boxes[:, 2:] - boxes[:, :2]
    center = (boxes[:, :2] + boxes[:, 2:]) * 0.5 + sides * deltas[:, :2]
    most = abs(math.log(16 / 1000))
    half = sides * deltas[:, 2:].clamp(-most, most).exp() * 0.5
    decoded = torch.cat([center - half, center + half], dim=1)
    if not coder.clip_border:
        return decoded
    limit = size.flip(0).repeat(2).to(decoded.dtype)
    return torch.minimum(decoded.clamp(min=0), limit)


def _apart(boxes: Tensor, group: Tensor) -> Tensor:
    """Boxes of (N, ) groups so far apart that none overlap, as in mmcv."""
    return boxes + (group * (boxes.max() + 1))[:, None]


def _of_class(head: nn.Module, deltas: Tensor, label: Tensor) -> Tensor:
    """(N, 4) of (N, 4) or (N, 4 K)."""
    if head.reg_class_agnostic:
        return deltas
    columns = 4 * label[:, None] + torch.arange(4, device=label.device)
    return deltas.gather(1, columns)


def _bbox_heads(model: nn.Module) -> list[nn.Module]:
    heads = model.roi_head.bbox_head
    return list(heads) if isinstance(heads, nn.ModuleList) else [heads]


def _refuse_others(model: nn.Module) -> None:
    """ValueError with the first part that this graph would get wrong."""
    roi = getattr(model, 'roi_head', None)
    predict = getattr(type(model), 'predict', None)
    parts = dict(model=predict is TwoStageDetector.predict)
    parts['roi_head'] = type(roi) in (CascadeRoIHead, StandardRoIHead)
    if all(parts.values()):
        heads = _bbox_heads(model)
        parts['bbox_head'] = all(
            type(head).__name__ in _HEADS and not head.custom_activation
            for head in heads
        )
        coders = [head.bbox_coder for head in (model.rpn_head, *heads)]
        parts['bbox_coder'] = all(
            type(c) is DeltaXYWHBBoxCoder and not c.add_ctr_clamp
            for c in coders
        )
        cfgs = model.test_cfg.rpn, model.test_cfg.rcnn
        parts['test_cfg.nms'] = all(
            cfg.nms.get('type', 'nms') == 'nms'
            and set(cfg.nms) <= {'type', 'iou_threshold'}
            for cfg in cfgs
        )
        parts['roi_head with masks'] = not roi.with_mask
        pads = getattr(model.data_preprocessor, 'pad_size_divisor', 1)
        parts['pad_size_divisor'] = pads == STRIDE
    wrong = [name for name, fits in parts.items() if not fits]
    if wrong:
        raise ValueError(
            'export must get a Faster or Cascade R-CNN of mmdet with RoIAlign '
            f'and plain NMS, but the {wrong[0]} is of another kind.'
        )
