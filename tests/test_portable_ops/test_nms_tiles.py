"""NMS by pairs gives what NMS block by block gives, or leaves it to that."""

import numpy as np
import pytest
import torch

import portable_ops
from portable_ops.nms import _suppress
from portable_ops.nms_tiles import suppress_by_pairs
from tests.test_portable_ops.inputs import (
    greedy_nms,
    make_dense_boxes,
    make_rois,
    touching_row,
)


def with_areas(boxes, offset=0):
    """(5, N) rows in the order given."""
    x1, y1, x2, y2 = boxes = np.asarray(boxes, np.float32).T
    areas = (x2 - x1 + offset) * (y2 - y1 + offset)
    return np.concatenate([boxes, areas[None]])


def by_blocks(rows, threshold, offset):
    keep = np.zeros(rows.shape[1], bool)
    keep[_suppress(rows, np.arange(len(keep)), threshold, offset, 64)] = True
    return keep


@pytest.mark.parametrize('offset', [0, 1])
@pytest.mark.parametrize('num', [1, 15, 16, 17, 600, 3000])
def test_equals_blocks(generator, num, offset):
    """Proposals around objects, boxes of all sizes, and whole pixels."""
    dense = make_dense_boxes(num, generator)
    mixed = make_rois(num, generator, (3000, 2000))[:, 1:]
    whole = (dense / 4).round()  # many are equal or touch
    for boxes in (dense, mixed, whole):
        rows = with_areas(boxes, offset)
        for threshold in (0.0, 0.3, 0.7):
            keep = suppress_by_pairs(rows, threshold, offset)
            if keep is not None:
                assert (keep == by_blocks(rows, threshold, offset)).all()
    # Of few boxes too many tiles touch.
    if num == 3000:
        assert suppress_by_pairs(with_areas(dense), 0.7, 0) is not None


def test_public_function_takes_this_way(generator):
    boxes = make_dense_boxes(1500, generator)
    scores = torch.rand(1500, generator=generator)
    kept = portable_ops.nms(boxes, scores, 0.6).tolist()
    assert kept == greedy_nms(boxes, scores, 0.6, 0)


def test_one_pixel_apart_counts_as_overlap_with_offset():
    # Boxes of the pixels 0 to 9 and 9 to 18 share one column of ten pixels,
    # 10 of 10 * 10 + 10 * 10 - 10 = 190; without offset they touch.
    rows = [[0, 0, 9, 9], [9, 0, 18, 9]]
    assert suppress_by_pairs(with_areas(rows, 1), 0.05, 1).tolist() == [1, 0]
    assert suppress_by_pairs(with_areas(rows, 1), 0.06, 1).tolist() == [1, 1]
    assert suppress_by_pairs(with_areas(rows), 0.0, 0).tolist() == [1, 1]


def test_touching_boxes_and_boxes_inside_out_all_stay():
    row = touching_row(2000)
    for boxes in (row, row[:, [2, 3, 0, 1]]):
        assert suppress_by_pairs(with_areas(boxes), 0.0, 0).all()


def test_a_suppressed_box_suppresses_nothing():
    """A chain: each box overlaps only its neighbors, every second stays."""
    chain = touching_row(100)
    chain[:, 2] += 1  # IoU with the next: 1 / 3
    keep = suppress_by_pairs(with_areas(chain), 0.3, 0)
    assert np.flatnonzero(keep).tolist() == list(range(0, 100, 2))


def test_leaves_the_rest_to_blocks():
    """Equal boxes, a long chain, a number that is not finite, and a
    threshold below 0: None, and the public function is right all the same."""
    equal = torch.tensor([[3.0, 3, 8, 9]]).repeat(2000, 1)
    chain = touching_row(2000)
    chain[:, 2] += 1
    broken = touching_row(2000)
    broken[7, 2] = torch.nan
    infinite = touching_row(2000)
    infinite[7, 2] = torch.inf
    row = touching_row(2000)
    scores = torch.linspace(1, 0, 2000)
    for boxes, threshold, kept in (
        (equal, 0.5, 1),
        (chain, 0.3, 1000),
        (broken, 0.5, 2000),
        (infinite, 0.5, 2000),
        (row, -0.1, 1),  # far apart is above -0.1 too
    ):
        assert suppress_by_pairs(with_areas(boxes), threshold, 0) is None
        assert len(portable_ops.nms(boxes, scores, threshold)) == kept
