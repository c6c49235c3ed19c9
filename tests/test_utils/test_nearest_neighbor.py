"""How closely boxes are packed."""

import numpy as np
import torch
from mmdet.structures.bbox import bbox_overlaps

from dense_scene.testing import random_boxes, touching_row
from dense_scene.utils import boxes as box_utils
from dense_scene.utils.boxes import nearest_neighbor_iou


def test_none_one_touching_and_equal_boxes():
    assert nearest_neighbor_iou(np.zeros((0, 4))).tolist() == []
    assert nearest_neighbor_iou(np.array([[0, 0, 9, 9]])).tolist() == [0]
    row = touching_row(3, dtype=torch.float64).numpy()
    assert nearest_neighbor_iou(row).tolist() == [0, 0, 0]
    equal = np.array([[0, 0, 9, 9], [0, 0, 9, 9], [50, 0, 60, 9]])
    assert nearest_neighbor_iou(equal).tolist() == [1, 1, 0]


def test_boxes_without_area():
    assert nearest_neighbor_iou(np.zeros((2, 4))).tolist() == [0, 0]


def test_equals_mmdet_on_600_boxes(generator):
    boxes = random_boxes(600, generator=generator, dtype=torch.float64)
    overlaps = bbox_overlaps(boxes, boxes).fill_diagonal_(0)
    np.testing.assert_allclose(
        nearest_neighbor_iou(boxes.numpy()),
        overlaps.max(dim=1).values.numpy(),
        atol=1e-9,
    )


def test_blocks_do_not_show(generator, monkeypatch):
    boxes = random_boxes(50, generator=generator, dtype=torch.float64).numpy()
    whole = nearest_neighbor_iou(boxes)
    assert whole.max() > 0
    monkeypatch.setattr(box_utils, '_PAIRS_AT_ONCE', 7 * 50)
    assert np.array_equal(nearest_neighbor_iou(boxes), whole)
