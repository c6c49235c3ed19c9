"""How much of each object a window shows."""

import numpy as np
import pytest

from dense_scene.datasets.transforms.crops.visible_fraction import (
    visible_fraction,
)
from dense_scene.testing import random_boxes, touching_row

ROW = touching_row(3, (10, 20)).numpy()  # x from 0, 10, 20 to 10, 20, 30


def test_by_hand():
    windows = [
        [5, 0, 20, 20],  # half of the first, all of the second
        [25, 10, 99, 99],  # a quarter of the third
        [10, 0, 20, 20],  # touches the first and third
        [40, 40, 50, 50],
    ]  # nothing
    np.testing.assert_array_equal(
        visible_fraction(ROW, np.array(windows)),
        [[0.5, 1, 0], [0, 0, 0.25], [0, 1, 0], [0, 0, 0]],
    )


@pytest.mark.parametrize('count', [0, 1, 600])
def test_equals_pixels_counted_one_by_one(count, generator):
    boxes = random_boxes(count, (40, 30), generator).round().numpy()
    window = np.array([7, 5, 31, 22])
    expected = []
    for x1, y1, x2, y2 in boxes.astype(int):
        pixels = np.zeros((30, 40), bool)
        pixels[y1:y2, x1:x2] = True
        expected.append(pixels[5:22, 7:31].sum() / max(pixels.sum(), 1))
    found = visible_fraction(boxes, window)
    assert found.shape == (1, count)
    np.testing.assert_allclose(found[0], expected)


def test_whole_is_exactly_one(generator):
    boxes = random_boxes(600, (1000, 1000), generator).numpy()
    found = visible_fraction(boxes, np.array([0, 0, 1000, 1000]))
    assert (found == 1).all()


def test_boxes_without_area_are_not_seen():
    boxes = np.array([[5, 5, 5, 9], [5, 5, 5, 5], [9, 9, 5, 5]])
    assert not visible_fraction(boxes, np.array([0, 0, 20, 20])).any()
