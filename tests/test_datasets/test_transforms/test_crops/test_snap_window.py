"""Edges move inwards, to where they cut the fewest boxes."""

import numpy as np
import pytest
import torch

from dense_scene.datasets.transforms.crops.snap_window import (
    count_cut,
    snap_window,
)
from dense_scene.testing import random_boxes, touching_row

SIZE = (1000, 800)


def brute_force(boxes, window, reach, size):
    """The rule of the docstring, one place and one box at a time."""
    window = list(window)
    for edge in (1, 3, 0, 2):
        axis = edge % 2
        if window[edge] in (0, size[axis]):
            continue
        inwards = 1 if edge < 2 else -1
        length = window[axis + 2] - window[axis]
        best = None
        for step in range(int(min(reach[axis], length - 1)) + 1):
            trial = list(window)
            trial[edge] += inwards * step
            cut = sum(
                (
                    b[0] < trial[2]
                    and b[2] > trial[0]
                    and b[1] < trial[3]
                    and b[3] > trial[1]
                )
                and not (
                    b[0] >= trial[0]
                    and b[1] >= trial[1]
                    and b[2] <= trial[2]
                    and b[3] <= trial[3]
                )
                for b in boxes
            )
            if best is None or cut < best[0]:
                best = cut, trial
        window = best[1]
    return window


def shelf(rows=4, count=9):
    """Rows of touching boxes of 20 x 30 with 10 pixels between rows."""
    return torch.cat(
        [
            touching_row(count, (20, 30), (7 * row, 40 * row))
            for row in range(rows)
        ]
    ).numpy()


def random_window(rng, size=SIZE):
    x, y = (
        np.sort(rng.integers(0, size[0], 2)),
        np.sort(rng.integers(0, size[1], 2)),
    )
    return np.array([x[0], y[0], x[1] + 1, y[1] + 1])


@pytest.mark.parametrize('whole', [True, False])
def test_equals_brute_force(whole, generator):
    rng = np.random.default_rng(0)
    for count in (0, 1, 30):
        boxes = random_boxes(count, (60, 50), generator).numpy()
        boxes = boxes.round() if whole else boxes
        boxes[:, 2:] += 1  # with area
        for _ in range(10):
            window = random_window(rng, (60, 50))
            found = snap_window(boxes, window, (7, 9), (60, 50))
            assert found.tolist() == brute_force(
                boxes, window, (7, 9), (60, 50)
            )


def test_cuts_no_row_when_the_gap_is_within_reach():
    # Rows end at 30, 70, 110, 150 and begin at 40, 80, 120. The top, 20, is
    # in row one: the nearest place with no box across is 30. The bottom, 100,
    # is in row three, which begins at 80.
    found = snap_window(
        shelf(), np.array([0, 20, 180, 100]), (0, 25), (180, 200)
    )
    assert found.tolist() == [0, 30, 180, 80]


def test_stays_where_nothing_is_gained():
    boxes = shelf()
    # Between two rows, and a single box wider than the reach.
    for window in ([0, 35, 180, 75], [50, 40, 80, 70]):
        found = snap_window(boxes, np.array(window), (3, 3), (180, 200))
        assert found.tolist() == window


def test_edges_on_the_border_stay():
    # A box that reaches out of the image: cut, but not by moving in.
    boxes = np.array([[-5, -5, 3, 3], [95, 95, 105, 105]])
    window = np.array([0, 0, 100, 100])
    found = snap_window(boxes, window, (20, 20), (100, 100))
    assert found.tolist() == window.tolist()


def test_never_grows_and_never_cuts_more(generator):
    rng = np.random.default_rng(1)
    boxes = random_boxes(600, SIZE, generator).numpy()
    # Small boxes, as objects are: 600 of 1 to 61 pixels a side.
    boxes[:, 2:] = boxes[:, :2] + boxes[:, 2:] % 60 + 1
    fewer = 0
    for _ in range(100):
        window = random_window(rng)
        reach = 0.1 * (window[2:] - window[:2])
        found = snap_window(boxes, window, reach, SIZE)
        moved = (found - window) * [1, 1, -1, -1]
        assert (moved >= 0).all()
        assert (moved <= np.tile(reach, 2)).all()
        assert (found[:2] < found[2:]).all()
        before, after = count_cut(boxes, window), count_cut(boxes, found)
        assert after <= before
        fewer += after < before
    assert fewer > 50


def test_mirror_and_permutation(generator):
    # A mirrored scene gives the mirrored window, along each axis where only
    # one of the two edges is free to move.
    boxes = random_boxes(50, (200, 200), generator).numpy().round()
    boxes[:, 2:] += 1
    window = np.array([60, 0, 200, 200])
    found = snap_window(boxes, window, (30, 30), (200, 200))
    mirrored = boxes[::-1][:, [2, 1, 0, 3]] * [-1, 1, -1, 1] + [200, 0, 200, 0]
    other = snap_window(
        mirrored, np.array([0, 0, 140, 200]), (30, 30), (200, 200)
    )
    assert found[0] > 60
    assert other.tolist() == [0, 0, 200 - found[0], 200]


def test_count_cut_by_hand():
    row = touching_row(3, (10, 20)).numpy()
    # Through the first, along the edge of the second, nothing of the third.
    assert count_cut(row, np.array([5, 0, 20, 20])) == 1
    assert count_cut(row, np.array([0, 5, 30, 20])) == 3
    assert count_cut(row, np.array([0, 0, 30, 20])) == 0
    assert count_cut(row, np.array([12, 5, 18, 8])) == 1  # within a box
    assert count_cut(row[:0], np.array([0, 0, 9, 9])) == 0
