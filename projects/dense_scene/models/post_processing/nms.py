"""Suppression of duplicates, chosen by the one key ``test_cfg.rcnn.nms``."""

from collections.abc import Callable

import torch
from mmcv.ops import batched_nms
from mmdet.structures.bbox import bbox_overlaps
from torch import Tensor

from ...utils import checks
from .em_merger import em_merger
from .matrix_nms import matrix_nms

# What dense_nms adds to mmcv's batched_nms.
DENSE_TYPES = ('diou_nms', 'em_merger', 'matrix_nms', 'set_nms')
# Boxes that are settled at a time, see _suppress.
_BLOCK = 128

# Which of (A, ) boxes suppress which of (B, ), (A, B), by their indices.
Suppresses = Callable[[Tensor, Tensor], Tensor]


@torch.no_grad()
def dense_nms(
    boxes: Tensor,
    scores: Tensor,
    labels: Tensor,
    nms: dict,
    max_num: int = -1,
    quality: Tensor | None = None,
    sets: Tensor | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Reduce the detections of one image to one per object.

    Args:
        boxes (Tensor): (N, 4), xyxy, pixels.
        scores (Tensor): (N, ), what detections are ranked by.
        labels (Tensor): (N, ). No box suppresses one of another label.
        nms (dict): ``type`` and its arguments: 'diou_nms', 'set_nms',
            'matrix_nms', 'em_merger' (the functions of these names; the last
            two have no ``iou_threshold`` and leave out one that a config
            inherits) or any of mmcv's, 'nms' and 'soft_nms'. With
            ``class_agnostic=True`` labels are not looked at.
        max_num (int): At most so many are kept; -1 keeps all.
            Defaults to -1.
        quality (Tensor, optional): (N, ), Soft-IoU, the weights of
            'em_merger'. Defaults to ``scores``.
        sets (Tensor, optional): (N, ), of 'set_nms': the proposal that a box
            stems from. Defaults to one for each box.

    Returns:
        tuple[Tensor, Tensor, Tensor]: Boxes, (K, 4), their scores and their
        labels, both (K, ), by falling score.
    """
    if not len(boxes):  # mmcv's batched_nms needs one
        return boxes, scores, labels
    options = dict(nms)
    kind = options.pop('type', 'nms')
    if kind not in DENSE_TYPES:
        dets, keep = batched_nms(boxes, scores, labels, nms)
        boxes, scores = dets[:, :4], dets[:, 4]
    else:
        agnostic = options.pop('class_agnostic', False)
        apart = torch.zeros_like(labels) if agnostic else labels
        if kind in ('em_merger', 'matrix_nms'):
            options.pop('iou_threshold', None)
        if kind == 'em_merger':
            weights = scores if quality is None else quality
            boxes, keep = em_merger(boxes, weights, apart, scores, **options)
            scores = scores[keep]
        elif kind == 'matrix_nms':
            scores, keep = matrix_nms(boxes, scores, apart, **options)
            boxes = boxes[keep]
        else:
            if kind == 'diou_nms':
                keep = diou_nms(boxes, scores, apart, **options)
            else:
                keep = set_nms(boxes, scores, apart, sets, **options)
            boxes, scores = boxes[keep], scores[keep]
    end = max_num if max_num >= 0 else None
    return boxes[:end], scores[:end], labels[keep][:end]


def diou_nms(
    boxes: Tensor,
    scores: Tensor,
    labels: Tensor | None = None,
    iou_threshold: float = 0.5,
    beta: float = 1.0,
) -> Tensor:
    r"""Drop a box that overlaps a better one and has its center close to it.

    Source: Eq. (5) of `DIoU <https://arxiv.org/abs/1911.08287>`_ and its
    authors' code (github.com/Zzh-tju/DIoU-SSD-pytorch), which has the
    exponent: greedy NMS, but box i goes if

    .. math::
        IoU - (\rho^2 / c^2)^\beta > \text{iou\_threshold}

    for a kept box M, with the distance :math:`\rho` of the two centers and
    the diagonal c of the smallest box around both. A greater beta makes the
    distance count less; the threshold of plain NMS suppresses less here.

    Args:
        boxes (Tensor): (N, 4), xyxy, any unit.
        scores (Tensor): (N, ).
        labels (Tensor, optional): (N, ). Boxes of different labels do not
            suppress each other. Defaults to one label.
        iou_threshold (float): -1 to 1. Defaults to 0.5.
        beta (float): Positive. Defaults to 1.

    Returns:
        Tensor: (K, ) indices of the kept boxes, by falling score.
    """
    checks.number('iou_threshold', iou_threshold, '[-1, 1]')
    checks.number('beta', beta, '(0, inf)')
    boxes = _as_float(boxes)
    center = (boxes[:, :2] + boxes[:, 2:]) / 2

    def suppresses(first: Tensor, second: Tensor) -> Tensor:
        iou = bbox_overlaps(boxes[first], boxes[second])
        # The distance only takes off: few pairs are left to measure.
        row, column = (iou > iou_threshold).nonzero(as_tuple=True)
        one, other = first[row], second[column]
        low = torch.minimum(boxes[one, :2], boxes[other, :2])
        high = torch.maximum(boxes[one, 2:], boxes[other, 2:])
        diagonal = (high - low).square().sum(1).clamp(min=1e-12)
        distance = (center[one] - center[other]).square().sum(1)
        hit = torch.zeros_like(iou, dtype=torch.bool)
        diou = iou[row, column] - (distance / diagonal) ** beta
        hit[row, column] = diou > iou_threshold
        return hit

    return _suppress(scores, labels, suppresses)


def set_nms(
    boxes: Tensor,
    scores: Tensor,
    labels: Tensor | None = None,
    sets: Tensor | None = None,
    iou_threshold: float = 0.5,
) -> Tensor:
    """Greedy NMS in which boxes of one set do not suppress each other.

    Source: `CrowdDet <https://arxiv.org/abs/2003.09163>`_, section 3.2: the
    boxes that one proposal predicts are different objects. Differs from
    ``mmdet.MultiInstanceBBoxHead.set_nms``, which gives the boxes in the
    order that they came in and cuts the last of these at its cap, whatever
    their scores; and from box after box to blocks of them.

    Args:
        boxes (Tensor): (N, 4), xyxy, any unit.
        scores (Tensor): (N, ).
        labels (Tensor, optional): (N, ). Boxes of different labels do not
            suppress each other. Defaults to one label.
        sets (Tensor, optional): (N, ) integers, such as the number of the
            proposal. Defaults to a set for each box, plain NMS.
        iou_threshold (float): 0 to 1. Defaults to 0.5.

    Returns:
        Tensor: (K, ) indices of the kept boxes, by falling score.
    """
    checks.number('iou_threshold', iou_threshold, '[0, 1]')
    boxes = _as_float(boxes)

    def suppresses(first: Tensor, second: Tensor) -> Tensor:
        hit = bbox_overlaps(boxes[first], boxes[second]) > iou_threshold
        if sets is not None:
            hit &= sets[first][:, None] != sets[second]
        return hit

    return _suppress(scores, labels, suppresses)


def _as_float(boxes: Tensor) -> Tensor:
    """Half precision has too few digits for places in a large photo."""
    return boxes if boxes.dtype == torch.float64 else boxes.float()


def _suppress(
    scores: Tensor, labels: Tensor | None, suppresses: Suppresses
) -> Tensor:
    """What a kept better box of the label does not suppress, best first.

    Block by block in the order of scores: a block is settled by itself, then
    what it suppresses leaves the list. Memory grows with the number of boxes,
    not with its square.
    """

    def hits(first: Tensor, second: Tensor) -> Tensor:
        hit = suppresses(first, second)
        if labels is not None:
            hit &= labels[first][:, None] == labels[second]
        return hit

    todo = scores.argsort(descending=True, stable=True)
    kept = [todo[:0]]
    while len(todo):
        block, todo = todo[:_BLOCK], todo[_BLOCK:]
        block = block[_settle(hits(block, block))]
        kept.append(block)
        todo = todo[~hits(block, todo).any(0)]
    return torch.cat(kept)


def _settle(hits: Tensor) -> Tensor:
    """Which boxes of a block, the best first, survive each other, (B, ).

    The one fixed point of "kept if no kept box before it hits it": each round
    from "all kept" on settles at least one box more.
    """
    earlier = hits.triu(1)
    keep = torch.ones_like(hits[0])
    while True:
        settled = ~(keep[:, None] & earlier).any(0)
        if torch.equal(settled, keep):
            return keep
        keep = settled
