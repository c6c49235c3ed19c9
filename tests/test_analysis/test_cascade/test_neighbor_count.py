"""Neighbours by hand, and what must not change them."""

import numpy as np
import pytest

from dense_scene.analysis.cascade.neighbor_count import count_neighbours
from dense_scene.testing import random_boxes, touching_row


@pytest.mark.parametrize('count', [0, 1, 2, 3, 600])
def test_a_row(count):
    # Twice as wide, a box of 10 reaches 5 into the next and not to the one
    # after: one neighbour at the ends, two in between.
    expected = [min(2, count - 1)] * count
    if count > 2:
        expected[0] = expected[-1] = 1
    assert count_neighbours(touching_row(count).numpy()).tolist() == expected


def test_equal_boxes_are_neighbours():
    assert count_neighbours(np.tile([3, 4, 9, 8], (5, 1))).tolist() == [4] * 5


def test_a_small_box_is_reached_from_a_large_one_alone():
    # The large one reaches to x = 150; the small one, 5 wide, to 107.5.
    boxes = [[0, 0, 100, 100], [110, 0, 115, 5]]
    assert count_neighbours(np.array(boxes)).tolist() == [1, 0]


def test_neither_place_nor_unit_matter(generator):
    boxes = random_boxes(200, generator=generator).double().numpy()
    counts = count_neighbours(boxes)
    assert counts.max() > 10
    assert np.array_equal(count_neighbours(boxes * 4 + 1024), counts)
    order = np.random.default_rng(0).permutation(200)
    assert np.array_equal(count_neighbours(boxes[order]), counts[order])
