"""Inputs that the tests of the operators share."""

import numpy as np
import torch
from torch import Tensor

# What RoIAlign must survive on a 20 x 30 map at scale 0.25, i.e. an image of
# 80 x 120: (image, x1, y1, x2, y2).
EDGE_ROIS = [
    [0, 0, 0, 120, 80],  # the whole image
    [1, 10, 10, 10, 10],  # a point
    [0, 30, 20, 30, 60],  # no width
    [1, 30, 20, 60, 20],  # no height
    [0, 50, 40, 50.5, 40.5],  # far smaller than a bin
    [1, -40, -30, 20, 20],  # sticks out at the top left
    [0, 100, 60, 160, 130],  # sticks out at the bottom right
    [1, -300, -300, -200, -200],  # outside
    [0, 500, 10, 600, 50],  # outside on one axis
    [1, 118, 78, 120, 80],  # the last half pixel
    [0, -6, -6, 4, 4],  # starts on the rim that counts as inside
]


def make_rois(num: int, generator: torch.Generator, size=(80, 120)) -> Tensor:
    """Random RoIs of two images, from small to half the image."""
    height, width = size
    center = torch.rand(num, 2, generator=generator)
    center *= torch.tensor([width, height])
    half = torch.rand(num, 2, generator=generator)
    half = 1 + half * torch.tensor([width, height]) / 4
    image = torch.randint(0, 2, (num, 1), generator=generator)
    return torch.cat([image, center - half, center + half], 1)


def make_dense_boxes(num: int, generator: torch.Generator) -> Tensor:
    """Several jittered proposals for each of many objects."""
    objects = max(num // 7, 1)
    center = torch.rand(objects, 2, generator=generator) * 1000
    size = 20 + torch.rand(objects, 2, generator=generator) * 40
    which = torch.randint(0, objects, (num,), generator=generator)
    noise = torch.randn(num, 4, generator=generator) / 10
    middle = center[which] + noise[:, :2] * size[which]
    half = size[which] * noise[:, 2:].exp() / 2
    return torch.cat([middle - half, middle + half], 1)


def make_tied_scores(num: int, generator: torch.Generator) -> Tensor:
    """Scores of one digit: many are equal."""
    return torch.rand(num, generator=generator).mul(10).round() / 10


def touching_row(num: int) -> Tensor:
    """Unit squares side by side."""
    left = torch.arange(num, dtype=torch.float32)
    zero = torch.zeros(num)
    return torch.stack([left, zero, left + 1, zero + 1], 1)


def greedy_nms(boxes, scores, iou_threshold: float, offset: int) -> list[int]:
    """NMS as its definition says, in float32 like mmcv, one box at a time."""
    boxes = boxes.numpy().astype(np.float32)
    order = list(np.argsort(-scores.numpy(), kind='stable'))
    one = np.float32(offset)
    kept = []
    while order:
        best = order.pop(0)
        kept.append(int(best))
        a, rest = boxes[best], boxes[order]
        width = np.minimum(a[2], rest[:, 2]) - np.maximum(a[0], rest[:, 0])
        height = np.minimum(a[3], rest[:, 3]) - np.maximum(a[1], rest[:, 1])
        inter = np.maximum(width + one, 0) * np.maximum(height + one, 0)
        area = (a[2] - a[0] + one) * (a[3] - a[1] + one)
        areas = (rest[:, 2] - rest[:, 0] + one) * (
            rest[:, 3] - rest[:, 1] + one
        )
        with np.errstate(invalid='ignore'):
            iou = inter / (area + areas - inter)
        hit = iou > np.float32(iou_threshold)
        order = [j for j, h in zip(order, hit) if not h]
    return kept


def relative_error(ours: Tensor, theirs: Tensor) -> float:
    """Largest difference, relative to the largest value."""
    assert ours.shape == theirs.shape
    assert ours.dtype == theirs.dtype
    if ours.numel() == 0:
        return 0.0
    difference = (ours.double() - theirs.double()).abs().max()
    return float(difference / theirs.double().abs().max().clamp(min=1e-30))
