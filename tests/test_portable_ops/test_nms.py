"""NMS against its definition, carried out one box at a time."""

import numpy as np
import pytest
import torch

import portable_ops
from portable_ops.nms import _suppress
from tests.test_portable_ops.inputs import (
    greedy_nms,
    make_dense_boxes,
    make_tied_scores,
    touching_row,
)


def test_by_hand():
    # IoU of the first two: 8 / (10 + 10 - 8) = 2/3.
    boxes = torch.tensor([[0.0, 0, 10, 1], [2, 0, 12, 1], [20, 0, 30, 1]])
    scores = torch.tensor([0.5, 0.9, 0.7])
    assert portable_ops.nms(boxes, scores, 0.6).tolist() == [1, 2]
    assert portable_ops.nms(boxes, scores, 0.7).tolist() == [1, 2, 0]


def test_offset_widens_the_boxes():
    # Without offset: 8 / 12. With: (8 + 1) * 2 / (2 * 11 * 2 - 18) = 18 / 26,
    # which is above 0.68 where 2/3 is not.
    boxes = torch.tensor([[0.0, 0, 10, 1], [2, 0, 12, 1]])
    scores = torch.tensor([0.9, 0.5])
    assert portable_ops.nms(boxes, scores, 0.68).tolist() == [0, 1]
    assert portable_ops.nms(boxes, scores, 0.68, offset=1).tolist() == [0]


def test_a_box_at_the_threshold_stays():
    # 5 / (10 + 5 - 5) = 1/2 exactly.
    boxes = torch.tensor([[0.0, 0, 10, 1], [0, 0, 5, 1]])
    scores = torch.tensor([0.9, 0.5])
    assert portable_ops.nms(boxes, scores, 0.5).tolist() == [0, 1]
    assert portable_ops.nms(boxes, scores, 0.49).tolist() == [0]


def test_a_suppressed_box_suppresses_nothing():
    """A chain: each box overlaps only its neighbors, every second stays."""
    boxes = touching_row(200)
    boxes[:, 2] += 1  # IoU with the next: 1 / 3
    scores = torch.linspace(1, 0, 200)
    kept = portable_ops.nms(boxes, scores, 0.3)
    assert kept.tolist() == list(range(0, 200, 2))


@pytest.mark.parametrize('num', [0, 1])
def test_none_and_one(num):
    kept = portable_ops.nms(torch.ones(num, 4), torch.ones(num), 0.5)
    assert kept.tolist() == list(range(num))
    assert kept.dtype == torch.long


def test_equal_boxes_leave_one():
    boxes = torch.tensor([[3.0, 3, 8, 9]]).repeat(600, 1)
    scores = torch.linspace(0, 1, 600)
    assert portable_ops.nms(boxes, scores, 0.99).tolist() == [599]


def test_touching_boxes_all_stay():
    scores = torch.linspace(1, 0, 600)
    kept = portable_ops.nms(touching_row(600), scores, 0.0)
    assert kept.tolist() == list(range(600))


def test_empty_boxes_suppress_nothing():
    """0 / 0 counts as no overlap."""
    boxes = torch.tensor([[5.0, 5, 5, 5], [5, 5, 5, 5]])
    assert len(portable_ops.nms(boxes, torch.ones(2), 0.0)) == 2


@pytest.mark.parametrize('offset', [0, 1])
@pytest.mark.parametrize('num', [2, 63, 64, 65, 600, 2000])
def test_equals_the_definition(generator, num, offset):
    boxes = make_dense_boxes(num, generator)
    scores = torch.rand(num, generator=generator)
    for threshold in (0.3, 0.6):
        kept = portable_ops.nms(boxes, scores, threshold, offset)
        assert kept.tolist() == greedy_nms(boxes, scores, threshold, offset)


def test_ties_keep_as_many_scores(generator):
    """Which of equal scores comes first is the sort's choice; that the kept
    scores descend and that kept boxes do not overlap is not."""
    boxes = make_dense_boxes(600, generator)
    scores = make_tied_scores(600, generator)
    kept = portable_ops.nms(boxes, scores, 0.5)
    assert (scores[kept].diff() <= 0).all()
    alone = greedy_nms(boxes[kept], scores[kept], 0.5, 0)
    assert len(alone) == len(kept)


def test_kept_boxes_stay_kept(generator):
    boxes = make_dense_boxes(600, generator)
    scores = torch.rand(600, generator=generator)
    kept = portable_ops.nms(boxes, scores, 0.5)
    again = portable_ops.nms(boxes[kept], scores[kept], 0.5)
    assert again.tolist() == list(range(len(kept)))


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_narrow_types_are_computed_in_fp32(generator, dtype):
    boxes = make_dense_boxes(300, generator).to(dtype)
    scores = torch.rand(300, generator=generator)
    wide = portable_ops.nms(boxes.float(), scores, 0.5)
    assert torch.equal(portable_ops.nms(boxes, scores, 0.5), wide)


def test_the_torch_route_equals_the_numpy_route(generator):
    """CUDA takes the torch route, with larger blocks; here on the CPU."""
    boxes = make_dense_boxes(3000, generator).T
    areas = (boxes[2] - boxes[0]) * (boxes[3] - boxes[1])
    todo, ranks = torch.cat([boxes, areas[None]]), torch.arange(3000)
    for block in (64, 1024):
        kept = _suppress(todo, ranks, 0.5, 0, block)
        expected = _suppress(todo.numpy(), ranks.numpy(), 0.5, 0, 64)
        assert np.array_equal(kept.numpy(), expected)
