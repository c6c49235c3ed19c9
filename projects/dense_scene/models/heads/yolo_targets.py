"""Which predictions of a YOLO head learn which objects, by PP-YOLO's rule."""

from collections.abc import Sequence

import torch
from mmdet.structures.bbox import bbox_overlaps
from mmengine.structures import InstanceData
from torch import Tensor

# Objects that all predictions are compared with at once.
_OBJECTS_AT_ONCE = 128


def best_anchor_priors(
    boxes: Tensor,
    sizes: Sequence[Sequence[tuple[float, float]]],
    strides: Sequence[int],
    shapes: Sequence[tuple[int, int]],
) -> Tensor:
    """The one prior of each object: by shape, then by place.

    The anchor, of all levels, whose size has the largest IoU with the box's
    when both are centered, in the cell that holds the box's center. A center
    outside of the map goes to the nearest cell.

    Args:
        boxes (Tensor): (G, 4), xyxy, pixels.
        sizes (Sequence): (width, height) of the A anchors of each level.
        strides (Sequence[int]): Pixels of a cell of each level.
        shapes (Sequence[tuple]): (height, width) of each level's map.

    Returns:
        Tensor: (G, ) int64, indices of priors in mmdet's order: by level, by
        cell, by anchor.
    """
    per_cell = len(sizes[0])
    anchors = boxes.new_tensor(sizes).view(-1, 2)
    sides = boxes[:, None, 2:] - boxes[:, None, :2]
    common = torch.min(sides, anchors).prod(-1)
    union = sides.prod(-1) + anchors.prod(-1) - common
    best = (common / union).argmax(dim=1)
    level, anchor = best // per_cell, best % per_cell

    stride = boxes.new_tensor(strides)[level, None]
    limits = torch.tensor(shapes, device=boxes.device).flip(1)  # (w, h)
    cells = ((boxes[:, :2] + boxes[:, 2:]) / 2 / stride).floor().long()
    cells = torch.min(cells.clamp(min=0), limits[level] - 1)
    numbers = limits.prod(1) * per_cell
    first = numbers.cumsum(0) - numbers
    cell = cells[:, 1] * limits[level, 0] + cells[:, 0]
    return first[level] + cell * per_cell + anchor


def positives(
    gts: InstanceData,
    sizes: Sequence[Sequence[tuple[float, float]]],
    strides: Sequence[int],
    shapes: Sequence[tuple[int, int]],
) -> tuple[Tensor, Tensor, Tensor]:
    """Priors that learn an object; of objects that share one, the last.

    Args:
        gts (InstanceData): ``bboxes`` (G, 4) and, from MixUp, ``scores``
            (G, ). Boxes without area and scores of 0 are no objects.
        sizes, strides, shapes: As in :func:`best_anchor_priors`.

    Returns:
        tuple[Tensor, Tensor, Tensor]: Index of the prior, rising, index of
        its object, and the object's score or 1, each (M, ).
    """
    boxes = gts.bboxes
    score = gts.scores if 'scores' in gts else boxes.new_ones(len(boxes))
    real = (boxes[:, 2:] > boxes[:, :2]).all(1) & (score > 0)
    found = best_anchor_priors(boxes, sizes, strides, shapes)
    numbers = torch.arange(len(boxes), device=boxes.device)
    total = sum(height * width for height, width in shapes) * len(sizes[0])
    # A maximum of indices and not an assignment: the same on every device.
    owner = numbers.new_full((total,), -1)
    owner.scatter_reduce_(0, found[real], numbers[real], 'amax')
    prior = (owner >= 0).nonzero().squeeze(1)
    gt = owner[prior]
    return prior, gt, score[gt].to(boxes.dtype)


def max_iou(boxes: Tensor, objects: Tensor) -> Tensor:
    """The largest IoU of each of (P, 4) boxes with (G, 4) objects, (P, )."""
    best = boxes.new_zeros(len(boxes))
    for part in objects.split(_OBJECTS_AT_ONCE):
        if len(part):
            best = torch.max(best, bbox_overlaps(boxes, part).amax(dim=1))
    return best
