"""Overlaps and one-to-one recall, against mmdet and a plain loop."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmdet.models.task_modules.assigners import MaxIoUAssigner
from mmdet.structures.bbox import bbox_overlaps
from mmengine.structures import InstanceData

from dense_scene.testing import random_boxes, touching_row
from dense_scene.utils.box_matching import (
    UNRECALLED,
    best_objects,
    recalling_ranks,
)
from dense_scene.utils.boxes import overlapping_pairs


def dense(pairs, num_boxes, num_objects):
    """The IoU matrix that the pairs stand for."""
    matrix = np.zeros((num_boxes, num_objects))
    matrix[pairs[0], pairs[1]] = pairs[2]
    return matrix


def loop_ranks(iou, threshold):
    """The definition: by rank, the best free object, the last of equals."""
    ranks = np.full(iou.shape[1], UNRECALLED)
    for rank, row in enumerate(iou):
        best, chosen = threshold, None
        for obj, value in enumerate(row):
            if ranks[obj] == UNRECALLED and value > 0 and value >= best:
                best, chosen = value, obj
        if chosen is not None:
            ranks[chosen] = rank
    return ranks


def test_hand_derived_overlaps():
    boxes = [[0, 0, 10, 10], [0, 0, 10, 20], [100, 0, 110, 10]]
    objects = [[0, 0, 10, 10], [0, 5, 10, 15], [10, 0, 20, 10]]
    box, obj, iou = overlapping_pairs(boxes, objects)
    # 0: equal to 0; 5 of 15 rows of the union with 1; touches 2: no pair
    # 1: 10 of 20 rows with 0 and with 1, the later first
    # 2: nothing
    assert box.tolist() == [0, 0, 1, 1]
    assert obj.tolist() == [0, 1, 1, 0]
    assert iou.tolist() == [1, 5 / 15, 0.5, 0.5]
    index, best = best_objects((box, obj, iou), 3)
    assert index.tolist() == [0, 1, -1]
    assert best.tolist() == [1, 0.5, 0]


@pytest.mark.parametrize('count', [0, 1, 109, 110, 600])
def test_overlaps_are_mmdets(count, generator):
    # 2 ** 16 pairs are compared at once: 109 of the boxes
    boxes = random_boxes(count, generator=generator, dtype=torch.float64)
    objects = random_boxes(600, generator=generator, dtype=torch.float64)
    pairs = overlapping_pairs(boxes.numpy(), objects.numpy())
    expected = bbox_overlaps(boxes, objects, eps=1e-300).numpy()
    np.testing.assert_allclose(
        dense(pairs, count, 600), expected, rtol=1e-12, atol=0
    )


def test_touching_boxes_do_not_overlap():
    row = touching_row(600).numpy()
    box, obj, iou = overlapping_pairs(row, row)
    assert box.tolist() == obj.tolist() == list(range(600))
    assert (iou == 1).all()


@pytest.mark.parametrize(
    'box',
    [
        [5, 0, 0, 10],  # inverted
        [0, 0, 0, 10],  # empty
        [np.nan, 0, 10, 10],
    ],
)
def test_what_is_no_box_overlaps_nothing(box):
    for pairs in (
        overlapping_pairs([box], [[0, 0, 10, 10]]),
        overlapping_pairs([[0, 0, 10, 10]], [box]),
        overlapping_pairs([box], np.zeros((0, 4))),
    ):
        assert [len(column) for column in pairs] == [0, 0, 0]


@pytest.mark.parametrize('threshold', [0.3, 0.5, 0.7])
def test_best_objects_are_the_assigners(threshold, generator):
    objects = random_boxes(150, generator=generator)
    noise = torch.randn(600, 4, generator=generator) * 15
    boxes = objects[torch.arange(600) % 150] + noise
    assigner = MaxIoUAssigner(
        pos_iou_thr=threshold,
        neg_iou_thr=threshold,
        min_pos_iou=threshold,
        match_low_quality=False,
    )
    expected = assigner.assign(
        InstanceData(priors=boxes),
        InstanceData(bboxes=objects, labels=torch.zeros(150).long()),
    )
    pairs = overlapping_pairs(boxes.numpy(), objects.numpy())
    index, best = best_objects(pairs, 600)
    positive = best >= threshold
    assert 0 < positive.sum() < 600
    assert np.where(positive, index + 1, 0).tolist() == (
        expected.gt_inds.tolist()
    )


def test_a_proposal_takes_its_second_choice():
    # Object B is A shifted by 2 of 10 columns: IoU 8 / 12 = 0.67. Proposal 0
    # is A. Proposal 1 is A too and gets B, up to that IoU.
    objects = [[0, 0, 10, 10], [2, 0, 12, 10]]
    proposals = [[0, 0, 10, 10], [0, 0, 10, 10]]
    pairs = overlapping_pairs(proposals, objects)
    ranks = recalling_ranks(pairs, 2, np.array([0.6, 8 / 12, 0.7]))
    assert ranks.tolist() == [[0, 1], [0, 1], [0, UNRECALLED]]


def test_the_better_score_takes_precedence_over_the_better_box():
    # Proposal 0 reaches the object with IoU 0.8; proposal 1 is equal to it
    # and comes too late.
    pairs = overlapping_pairs(
        [[0, 0, 8, 10], [0, 0, 10, 10]], [[0, 0, 10, 10]]
    )
    ranks = recalling_ranks(pairs, 1, np.array([0.8, 0.85]))
    assert ranks.tolist() == [[0], [1]]


@pytest.mark.parametrize('num_boxes, num_objects', [(0, 0), (0, 3), (3, 0)])
def test_nothing_to_match(num_boxes, num_objects):
    pairs = overlapping_pairs(
        np.ones((num_boxes, 4)), np.ones((num_objects, 4))
    )
    ranks = recalling_ranks(pairs, num_objects, np.array([0.5, 0.9]))
    assert ranks.tolist() == [[UNRECALLED] * num_objects] * 2


def test_600_equal_boxes_are_taken_from_the_last_on():
    boxes = np.tile([[0, 0, 10, 10]], (600, 1))
    ranks = recalling_ranks(overlapping_pairs(boxes, boxes), 600, [0.5])
    assert ranks[0].tolist() == list(range(599, -1, -1))


def test_600_touching_boxes():
    row = touching_row(600).numpy()
    ranks = recalling_ranks(overlapping_pairs(row[::-1], row), 600, [0.95])
    assert ranks[0].tolist() == list(range(599, -1, -1))


# Few coordinates, so that equal IoU and equal boxes are common.
BOXES = st.lists(
    st.tuples(*[st.integers(0, 4)] * 2, *[st.integers(1, 4)] * 2).map(
        lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3])
    ),
    max_size=14,
)


@settings(max_examples=300, deadline=None)
@given(proposals=BOXES, objects=BOXES)
def test_rounds_give_what_the_loop_gives(proposals, objects):
    pairs = overlapping_pairs(
        np.reshape(proposals, (-1, 4)), np.reshape(objects, (-1, 4))
    )
    iou = dense(pairs, len(proposals), len(objects))
    thresholds = np.array([0.1, 0.3, 0.5, 0.75])
    ranks = recalling_ranks(pairs, len(objects), thresholds)
    for row, threshold in zip(ranks, thresholds):
        assert row.tolist() == loop_ranks(iou, threshold).tolist()
