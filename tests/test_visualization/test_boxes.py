"""Ground truth beside predictions."""

import numpy as np
import pytest

from dense_scene.testing import random_boxes, touching_row
from dense_scene.visualization.boxes import (
    PREDICTION_COLOR,
    TRUTH_COLOR,
    draw_boxes,
    draw_pair,
)


def _gray(height: int, width: int) -> np.ndarray:
    return np.full((height, width, 3), 90, np.uint8)


def test_outline_is_on_the_box_and_the_inside_stays():
    image = _gray(400, 400)
    drawn = draw_boxes(image, np.array([[50, 60, 150, 260]]), TRUTH_COLOR)
    for x, y in ((50, 100), (150, 100), (100, 60), (100, 260)):
        assert tuple(drawn[y, x]) == TRUTH_COLOR
    assert (drawn[70:250, 60:140] == 90).all()
    assert (image == 90).all(), 'the input is not drawn on'


def test_touching_boxes_all_keep_their_lines():
    drawn = draw_boxes(
        _gray(400, 400), touching_row(5, (40, 80), (20, 20)), TRUTH_COLOR
    )
    assert all(tuple(drawn[60, x]) == TRUTH_COLOR for x in range(20, 221, 40))


@pytest.mark.parametrize('count', [0, 1, 600])
def test_any_number_of_boxes(count):
    boxes = random_boxes(count, (640, 640)).numpy()
    scored = np.column_stack([boxes, np.full(count, 0.9)])
    picture = draw_pair(_gray(640, 640), boxes, scored, 0.5)
    assert picture.shape == (640 + 28, 2 * 640 + 8, 3)
    colored = (picture == np.array(PREDICTION_COLOR)).all(-1).any()
    assert colored == (count > 0)


def test_a_small_image_is_enlarged_with_its_boxes():
    """320 pixels: factor 2, so the edge x = 100 is drawn at 200."""
    boxes = np.array([[100.0, 50.0, 200.0, 150.0]])
    picture = draw_pair(_gray(320, 320), boxes, np.zeros((0, 5)), 0.5)
    assert picture.shape == (640 + 28, 2 * 640 + 8, 3)
    assert tuple(picture[28 + 200, 200]) == TRUTH_COLOR


def test_low_scores_are_not_drawn():
    scored = np.array([[100, 100, 300, 300, 0.49]])
    picture = draw_pair(_gray(640, 640), np.zeros((0, 4)), scored, 0.5)
    assert not (picture == np.array(PREDICTION_COLOR)).all(-1).any()
