"""Non-maximum suppression of rotated boxes."""

import numpy as np
import torch
from torch import Tensor

from portable_ops.arguments import check_arguments
from portable_ops.nms_tiles import keep_unsuppressed
from portable_ops.opaque import opaque, unknown_size
from portable_ops.rotated import aligned_overlaps, box_iou_rotated, corners
from portable_ops.soft_nms_pairs import find_meeting

# Pairs per box above which comparing each kept box with all is as fast.
_MOST_PAIRS = 32
# Of an overlap: what rounding may take from the bound of it.
_SLACK = 1e-3


def _fake_nms_rotated(boxes, scores, iou_threshold, labels=None):
    return boxes.new_empty(unknown_size(), dtype=torch.long)


@opaque(
    'nms_rotated(Tensor boxes, Tensor scores, float iou_threshold, '
    'Tensor? labels=None) -> Tensor',
    _fake_nms_rotated,
)
def nms_rotated(
    boxes: Tensor,
    scores: Tensor,
    iou_threshold: float,
    labels: Tensor | None = None,
) -> Tensor:
    """Indices of kept boxes, best first.

    A box of ``iou_threshold`` or more with a better one is dropped, as on
    mmcv's CPU; its CUDA kernel needs more than the threshold. Boxes of
    different ``labels``, if given, leave each other alone (on mmcv's CUDA;
    its CPU ignores the labels).

    Only boxes whose upright bounds overlap enough are clipped, unless so
    many do that comparing each kept box with all after it is as fast.
    """
    check_arguments('nms_rotated', boxes=boxes, scores=scores, labels=labels)
    order = scores.sort(descending=True).indices
    sorted_boxes = boxes.detach()[order]
    sorted_labels = None if labels is None else labels[order]
    kept = _by_pairs(sorted_boxes, sorted_labels, iou_threshold)
    if kept is None:
        kept = _by_rows(sorted_boxes, sorted_labels, iou_threshold)
    return order[kept]


def _find_pairs(
    boxes: Tensor, iou_threshold: float
) -> tuple[np.ndarray, np.ndarray] | None:
    """The better and the worse of boxes that may overlap enough.

    The intersection is at most that of the upright bounds, and at most each
    box. None if there are too many pairs or they do not tell all.
    """
    upright, areas = _upright_bounds(boxes)
    if not iou_threshold > 0 or not np.isfinite(upright).all():
        return None
    order, meeting = find_meeting(upright, 0)
    upright, areas = upright[:, order], areas[order]
    parts, left = [(order[:0], order[:0])], _MOST_PAIRS * len(order)
    for first, second in meeting:
        one, two = upright[:, first], upright[:, second]
        size = np.minimum(one[2:], two[2:]) - np.maximum(one[:2], two[:2])
        area, other = areas[first], areas[second]
        most = np.minimum(size[0] * size[1], np.minimum(area, other))
        least = iou_threshold * (1 - _SLACK)
        enough = np.flatnonzero(most >= least * (area + other - most))
        parts.append((order[first[enough]], order[second[enough]]))
        left -= len(enough)
        if left < 0:
            return None
    one, two = (np.concatenate(column) for column in zip(*parts))
    return np.minimum(one, two), np.maximum(one, two)


def _upright_bounds(boxes: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """(4, N) x1, y1, x2, y2 around each box, and its (N,) area."""
    wide = boxes.to(torch.float64)
    points = corners(wide, torch.zeros_like(wide[:, :2]))
    bounds = torch.cat([points.amin(1), points.amax(1)], dim=1)
    area = wide[:, 2] * wide[:, 3]
    return bounds.t().cpu().numpy(), area.cpu().numpy()


def _by_pairs(
    boxes: Tensor, labels: Tensor | None, iou_threshold: float
) -> Tensor | None:
    """(N,) mask of what is kept, if it can be told from few pairs."""
    pairs = _find_pairs(boxes, iou_threshold)
    if pairs is None:
        return None
    better, worse = pairs
    first, second = (torch.from_numpy(p).to(boxes.device) for p in pairs)
    above = aligned_overlaps(boxes[first], boxes[second]) >= iou_threshold
    if labels is not None:
        above &= labels[first] == labels[second]
    above = above.cpu().numpy()
    kept = keep_unsuppressed(better[above], worse[above], len(boxes))
    return None if kept is None else torch.from_numpy(kept).to(boxes.device)


def _by_rows(
    boxes: Tensor, labels: Tensor | None, iou_threshold: float
) -> Tensor:
    """The same, each kept box compared with all after it."""
    kept = torch.ones(len(boxes), dtype=torch.bool, device=boxes.device)
    for best in range(len(boxes)):
        if not kept[best]:
            continue
        rest = kept.clone()
        rest[: best + 1] = False
        if labels is not None:
            rest &= labels == labels[best]
        rest = rest.nonzero().flatten()
        overlap = box_iou_rotated(boxes[best, None], boxes[rest])
        kept[rest[overlap[0] >= iou_threshold]] = False
    return kept
