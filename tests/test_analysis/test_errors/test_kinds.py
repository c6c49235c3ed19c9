"""Kinds of errors, on boxes that can be checked by eye."""

import numpy as np
import pytest

from dense_scene.analysis.errors.kinds import (
    DETECTION_ERRORS,
    classify_detections,
    find_occluded,
    pairs_by_group,
)
from dense_scene.utils.boxes import overlapping_pairs

# Touching objects of 10 x 10 in a row.
ROW = np.array([[10 * n, 0, 10 * n + 10, 10] for n in range(12)])


def kinds(boxes, objects=ROW):
    boxes = np.array(boxes, float).reshape(-1, 4)
    pairs = overlapping_pairs(boxes, objects)
    return [
        DETECTION_ERRORS[kind]
        for kind in classify_detections(boxes, objects, pairs)
    ]


@pytest.mark.parametrize(
    ('box', 'kind'),
    [
        # All of three objects; IoU 1/3 with each, 1 with the box around them.
        ([0, 0, 30, 10], 'merged'),
        # All of twelve: IoU 1/12 < 0.1 with each, which TIDE calls background.
        ([0, 0, 120, 10], 'merged'),
        # Two objects: IoU 1/2 with each, yet it fits both better.
        ([0, 0, 20, 10], 'merged'),
        # 75 of 100 of two objects, exactly the share that is asked for.
        ([2.5, 0, 17.5, 10], 'merged'),
        # 74 of 100 of each; IoU 74 / (148 + 100 - 74) = 0.43.
        ([2.6, 0, 17.4, 10], 'shifted'),
        # Midway, 50 of each: IoU 50 / 150.
        ([5, 0, 15, 10], 'shifted'),
        # IoU 1.
        ([0, 0, 10, 10], 'duplicate'),
        # Inside: IoU 50 / 100, exactly the threshold; then 49 / 100.
        ([0, 0, 5, 10], 'duplicate'),
        ([0, 0, 4.9, 10], 'split'),
        # 3 of its width of 4 are inside of the first: 3/4; IoU 30 / 110.
        ([-1, 0, 3, 10], 'split'),
        # 2.9 of 4; IoU 29 / 111 with one object.
        ([-1.1, 0, 2.9, 10], 'loose'),
        # A small part of an object is a part: IoU 4 / 100.
        ([4, 4, 6, 6], 'split'),
        # IoU 20 / 180 = 0.11 with one object; then 18 / 182 = 0.099.
        ([-8, 0, 2, 10], 'loose'),
        ([-8.2, 0, 1.8, 10], 'background'),
        # IoU 90 / 110 with the third object, 10 / 190 with the second.
        ([19, 0, 29, 10], 'duplicate'),
        # Touching an edge is no overlap.
        ([0, 10, 10, 20], 'background'),
        ([500, 500, 510, 510], 'background'),
        # Neither area nor overlap.
        ([5, 5, 5, 5], 'background'),
    ],
)
def test_kind(box, kind):
    assert kinds([box]) == [kind]
    # The scene may lie elsewhere and be of another size.
    assert kinds([[8 * c + 64 for c in box]], ROW * 8 + 64) == [kind]


def test_a_hidden_object_makes_no_merged_detection():
    # It covers both, but fits the front one: 100/100 against 100/120.
    objects = np.array([[0, 0, 10, 10], [2, 0, 12, 10]])
    assert kinds([[0, 0, 10, 10]], objects) == ['duplicate']
    # The small one lies within: the box around both is the large one.
    objects = np.array([[0, 0, 10, 10], [2, 2, 5, 5]])
    assert kinds([[0, 0, 10, 10]], objects) == ['duplicate']


def test_equal_objects_and_detections():
    objects = np.array([[0, 0, 10, 10]] * 3)
    assert kinds([[0, 0, 10, 10]] * 2, objects) == ['duplicate'] * 2
    # Each covered, but the box around them is as good as each: IoU 1/4.
    assert kinds([[0, 0, 20, 20]], objects) == ['shifted']


def test_no_boxes_and_no_objects():
    assert kinds(np.zeros((0, 4))) == []
    assert kinds([[0, 0, 5, 5]], np.zeros((0, 4))) == ['background']
    none = np.zeros((0, 4))
    assert len(find_occluded(none, overlapping_pairs(none, none))) == 0


def test_600_in_any_order():
    # 50 times the row, one below the other.
    objects = np.concatenate([ROW + [0, 20 * n, 0, 20 * n] for n in range(50)])
    halves = objects + [0, 0, -6, 0]
    between = objects + [5, 0, 5, 0]
    found = kinds(np.concatenate((halves, between)), objects)
    # The last of each row has no right neighbour: IoU 50 / 150 with one.
    assert found == ['split'] * 600 + (['shifted'] * 11 + ['loose']) * 50
    order = np.random.default_rng(0).permutation(1200)
    assert kinds(
        np.concatenate((halves, between))[order],
        objects[np.argsort(objects[:, 0])],
    ) == [found[n] for n in order]


def occluded(objects, missed):
    objects = np.array(objects, float)
    pairs = overlapping_pairs(objects, objects)
    return find_occluded(objects, pairs)[missed].tolist()


def test_occlusion():
    # 25 of 100 are shared, the threshold; 24 are below.
    assert occluded([[0, 0, 10, 10], [7.5, 0, 20, 10]], [0]) == [True]
    assert occluded([[0, 0, 10, 10], [7.6, 0, 20, 10]], [0]) == [False]
    # 25 of 100 of the small one, of 400 of the large one.
    assert occluded([[0, 0, 10, 10], [5, 5, 25, 25]], [0, 1]) == [True, False]
    # Itself and touching neighbours do not hide it; an equal one does.
    assert occluded(ROW, range(12)) == [False] * 12
    assert occluded([[0, 0, 10, 10]] * 2, [0, 1]) == [True, True]


def test_pairs_stay_within_their_group():
    boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 10], [0, 0, 5, 10]])
    boxes_of, objects_of = np.array([7, 3, 9]), np.array([7, 7, 9])
    objects = np.array([[50, 0, 60, 10], [0, 0, 10, 10], [0, 0, 10, 10]])
    box, obj, iou = pairs_by_group(boxes, boxes_of, objects, objects_of)
    assert (box.tolist(), obj.tolist()) == ([0, 2], [1, 2])
    assert iou.tolist() == [1, 0.5]
