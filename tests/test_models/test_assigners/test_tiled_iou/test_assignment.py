"""Properties of the assignment; the tests of its class have mmdet's result."""

import pytest
import torch

from dense_scene.models.assigners.tiled_iou import assignment
from dense_scene.models.assigners.tiled_iou.assignment import (
    MaxIoURule,
    assign_max_iou,
    covered_priors,
)
from dense_scene.testing import random_boxes, touching_row

RULE = MaxIoURule(0.5, (0.0, 0.3), True, 0.3)


@pytest.fixture
def boxes(generator):
    """Priors around 600 objects, whole pixels."""
    objects = random_boxes(600, generator=generator)
    noise = 20 * torch.randn(3000, 4, generator=generator)
    return (objects.repeat(5, 1) + noise).round(), objects.round()


def test_each_box_of_a_row_gets_its_own_object():
    row = touching_row(600)
    gt_inds, overlaps = assign_max_iou(row, row, RULE)
    assert gt_inds.tolist() == list(range(1, 601))
    assert (overlaps == 1).all()


def test_order_of_priors_does_not_matter(boxes, generator):
    priors, objects = boxes
    order = torch.randperm(len(priors), generator=generator)
    expected = assign_max_iou(priors, objects, RULE)
    found = assign_max_iou(priors[order], objects, RULE)
    for ours, theirs in zip(found, expected):
        assert torch.equal(ours, theirs[order])
    assert len(expected[0].unique()) > 500  # there was something to lose


@pytest.mark.parametrize('factor, shift', [(1, 512), (4, 0), (0.25, -64)])
def test_place_and_unit_do_not_matter(boxes, factor, shift):
    """Powers of two and whole numbers, so that nothing is rounded."""
    expected = assign_max_iou(*boxes, RULE)
    moved = [side * factor + shift for side in boxes]
    for ours, theirs in zip(assign_max_iou(*moved, RULE), expected):
        assert torch.equal(ours, theirs)


def test_more_objects_never_lower_an_overlap(boxes):
    priors, objects = boxes
    some = assign_max_iou(priors, objects[:300], RULE)[1]
    assert (assign_max_iou(priors, objects, RULE)[1] >= some).all()


def test_few_objects_do_not_go_through_tiles(boxes, monkeypatch):
    """Of three objects the 100,000 and more priors need not be sorted."""
    tiled = []
    tile_boxes = assignment.tile_boxes

    def spy(boxes, ignored):
        tiled.append(boxes)
        return tile_boxes(boxes, ignored)

    monkeypatch.setattr(assignment, 'tile_boxes', spy)
    assign_max_iou(boxes[0], boxes[1][:3], RULE)
    assert not tiled
    assign_max_iou(*boxes, RULE)
    assert len(tiled) == 1


def test_the_same_under_deterministic_algorithms(boxes):
    expected = assign_max_iou(*boxes, RULE)
    torch.use_deterministic_algorithms(True)
    try:
        found = assign_max_iou(*boxes, RULE)
    finally:
        torch.use_deterministic_algorithms(False)
    assert torch.equal(found[0], expected[0])


def test_covered_priors_by_hand(way):
    # 4 of 10 columns of the first, none of the second; 4 of the region's 8.
    priors = torch.tensor([[0.0, 0, 10, 1], [20, 0, 30, 1]])
    region = torch.tensor([[6.0, 0, 14, 1]])
    for threshold, of_priors, expected in (
        (0.39, True, [True, False]),
        (0.41, True, [False, False]),
        (0.49, False, [True, False]),
        (0.51, False, [False, False]),
    ):
        found = covered_priors(priors, region, threshold, of_priors)
        assert found.tolist() == expected
    assert not covered_priors(priors, region[:0], 0.1).any()
    assert covered_priors(priors[:0], region, 0.1).shape == (0,)
