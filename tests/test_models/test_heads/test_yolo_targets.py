"""Who learns what, against loops over objects and anchors."""

import math

import pytest
import torch
from mmengine.structures import InstanceData

from dense_scene.models.heads.yolo_targets import (
    best_anchor_priors,
    max_iou,
    positives,
)
from dense_scene.testing import random_boxes, touching_row

SIZES = [
    [(116, 90), (156, 198), (373, 326)],
    [(30, 61), (62, 45), (59, 119)],
    [(10, 13), (16, 30), (33, 23)],
]
STRIDES = [32, 16, 8]
SHAPES = [(10, 20), (20, 40), (40, 80)]  # 320 high, 640 wide


def reference(box):
    """(level, row, column, anchor) of the best shape, one by one."""
    width, height = box[2] - box[0], box[3] - box[1]
    best, found = -1.0, None
    for level, sizes in enumerate(SIZES):
        for anchor, (w, h) in enumerate(sizes):
            common = min(width, w) * min(height, h)
            overlap = common / (width * height + w * h - common)
            if overlap > best:
                best, found = overlap, (level, anchor)
    level, anchor = found
    column = math.floor((box[0] + box[2]) / 2 / STRIDES[level])
    row = math.floor((box[1] + box[3]) / 2 / STRIDES[level])
    return level, row, column, anchor


def index(level, row, column, anchor):
    """Number of a prior: 3 * 200 and 3 * 800 come before the second and
    third level."""
    first = (0, 600, 600 + 2400)[level]
    return first + (row * SHAPES[level][1] + column) * 3 + anchor


@pytest.mark.parametrize('n', [0, 1, 700])
def test_priors_are_those_of_the_loops(n, generator):
    boxes = random_boxes(n, (640, 320), generator)
    found = best_anchor_priors(boxes, SIZES, STRIDES, SHAPES)
    assert found.dtype == torch.long
    expected = [index(*reference(box)) for box in boxes.tolist()]
    assert found.tolist() == expected


def test_a_prior_by_hand():
    """16 x 30 is the second anchor of stride 8; center (100, 61) lies in
    column 12 and row 7."""
    box = torch.tensor([[92.0, 46.0, 108.0, 76.0]])
    found = best_anchor_priors(box, SIZES, STRIDES, SHAPES)
    assert found.tolist() == [3000 + (7 * 80 + 12) * 3 + 1]


def test_a_center_on_the_far_edge_stays_on_the_map():
    # Also one that lies outside, as a resize may round it
    boxes = torch.tensor([[632.0, 312, 648, 328], [-30, -30, -20, -15]])
    found = best_anchor_priors(boxes, SIZES, STRIDES, SHAPES)
    cell = (found - 3000) // 3
    assert cell.tolist() == [39 * 80 + 79, 0]


def test_the_last_of_objects_that_share_a_prior_is_learnt():
    boxes = torch.tensor([[92.0, 46, 108, 76], [200, 46, 210, 59]])
    boxes = torch.cat((boxes, boxes[:1] + 1, boxes[:1] + 2))
    gts = InstanceData(bboxes=boxes)
    prior, gt, score = positives(gts, SIZES, STRIDES, SHAPES)
    # Centers 100, 101 and 102 lie in one cell of 8; 61, 62 and 63 too. The
    # other object's row is the one above.
    assert gt.tolist() == [1, 3]
    assert prior.tolist() == sorted(prior.tolist())
    assert score.tolist() == [1, 1]


def test_no_object_without_area_or_score():
    boxes = torch.tensor(
        [[10.0, 10, 10, 40], [50, 50, 40, 70], [9, 9, 99, 99]]
    )
    gts = InstanceData(
        bboxes=boxes.repeat(2, 1), scores=torch.tensor([1.0, 1, 0.25, 1, 1, 0])
    )
    _, gt, score = positives(gts, SIZES, STRIDES, SHAPES)
    assert gt.tolist() == [2]
    assert score.tolist() == [0.25]


def test_every_object_of_a_dense_row_has_its_prior():
    gts = InstanceData(bboxes=touching_row(64, (10, 13)))
    _, gt, _ = positives(gts, SIZES, STRIDES, SHAPES)
    # Ten pixels wide in cells of eight: no two centers in one cell
    assert gt.tolist() == list(range(64))


@pytest.mark.parametrize('n', [0, 1, 300])
def test_max_iou(n, generator):
    boxes = random_boxes(50, (99, 99), generator)
    objects = random_boxes(n, (99, 99), generator)
    expected = [max([_iou(a, b) for b in objects], default=0) for a in boxes]
    torch.testing.assert_close(
        max_iou(boxes, objects), torch.tensor(expected, dtype=torch.float32)
    )


def _iou(a, b):
    a, b = a.tolist(), b.tolist()
    width = max(min(a[2], b[2]) - max(a[0], b[0]), 0)
    height = max(min(a[3], b[3]) - max(a[1], b[1]), 0)
    area = [(c[2] - c[0]) * (c[3] - c[1]) for c in (a, b)]
    return width * height / (sum(area) - width * height)
