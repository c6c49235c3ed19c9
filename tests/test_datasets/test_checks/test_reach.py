"""Boxes that reach out of their images, and why."""

import numpy as np
import pytest

from dense_scene.datasets.annotation_columns import AnnotationColumns
from dense_scene.datasets.checks.left_out import (
    describe_ignored,
    describe_left_out,
    leave_out,
)
from dense_scene.datasets.checks.reach import (
    describe_reaching_out,
    find_reaching_out,
)


def columns(boxes, size=(40, 60)) -> AnnotationColumns:
    """One image (height, width) with these boxes."""
    boxes = np.array(boxes, np.float64).reshape(-1, 4)
    return AnnotationColumns.from_rows(
        [b'a.jpg'],
        [1],
        np.array([size], np.int32),
        np.zeros(len(boxes), np.int64),
        boxes,
        np.zeros(len(boxes), np.int32),
        np.zeros(len(boxes), bool),
    )


def test_a_pixel_is_rounding():
    boxes = [
        [-1, -1, 61, 41],
        [-1.5, 0, 5, 5],
        [0, -2, 5, 5],
        [50, 9, 62, 11],
        [0, 0, 1, 42],
    ]
    found = find_reaching_out(columns(boxes)).tolist()
    assert found == [False, True, True, True, True]
    assert not find_reaching_out(columns(boxes, (0, 0))).any()


@pytest.mark.parametrize(
    'boxes, size, words',
    [
        ([[5, 5, 30, 50]], (40, 60), 'width and height of 1 images'),
        ([[5, 5, 90, 30]], (40, 60), 'reach out of their image'),
        # x y x2 y2 = 30 20 50 35 read as x y w h.
        ([[30, 20, 80, 55]], (40, 60), 'read as x1, y1, x2, y2'),
        # cx cy w h = 50 30 20 20, which is 40 20 60 40, read as x y w h.
        ([[50, 30, 70, 50]], (40, 60), 'those of the center'),
        ([[0.1, 0.2, 0.5, 1]], (40, 60), 'fractions'),
    ],
)
def test_the_cause_is_named(boxes, size, words):
    (line,) = describe_reaching_out(columns(boxes, size))
    assert words in line


def test_one_of_many_that_is_drawn_too_far_has_no_cause():
    boxes = [[50, 30, 70, 39], *[[9, 9, 12, 12]] * 9]
    (line,) = describe_reaching_out(columns(boxes))
    assert line.endswith("in 'a.jpg' (60x40) first")


def test_counts_share_and_first():
    boxes = [[1, 1, 5, 5], [1, 1, 99, 5], [1, 1, 5, 5], [1, 1, 99, 99]]
    (line,) = describe_reaching_out(columns(boxes), 'row {}'.format)
    assert line == (
        "2 of 4 boxes (50.0%) reach out of their image, 1, 1, 99, 5 in 'a.jpg'"
        ' (60x40) first, row 1: --clip cuts them'
    )


@pytest.mark.parametrize('boxes', [[], [[0, 0, 60, 40]]])
def test_nothing_to_say(boxes):
    assert describe_reaching_out(columns(boxes)) == []


def test_a_box_is_left_out_for_its_first_reason():
    a, b = np.array([1, 1, 0, 0], bool), np.array([1, 0, 1, 0], bool)
    keep, counts = leave_out({'thin': a, 'outside': b, 'other': b & ~b})
    assert keep.tolist() == [False, False, False, True]
    assert counts == {'thin': 2, 'outside': 1, 'other': 0}
    line = describe_left_out(counts)
    assert line == 'left out 3 boxes: 2 thin, 1 outside'
    assert describe_left_out({'thin': 0}) == 'left out 0 boxes'


def test_most_or_all_are_crowds():
    flags = np.array([1, 1, 0, 0], bool)
    assert describe_ignored(flags) == describe_ignored(flags[:0]) == ''
    assert '3 of 4 boxes are crowd' in describe_ignored(np.arange(4) > 0)
