"""Corner and COCO boxes."""

import numpy as np

from dense_scene.functional.box_format import xywh_to_xyxy, xyxy_to_xywh


def test_by_hand_and_empty():
    assert xyxy_to_xywh([[1, 2, 31, 42]]).tolist() == [[1, 2, 30, 40]]
    assert xywh_to_xyxy([[1, 2, 30, 40]]).tolist() == [[1, 2, 31, 42]]
    assert xyxy_to_xywh([]).shape == xywh_to_xyxy([]).shape == (0, 4)


def test_float32_corners_survive_the_round_trip():
    boxes = np.random.default_rng(0).random((600, 4), np.float32) * 4000
    np.testing.assert_array_equal(xywh_to_xyxy(xyxy_to_xywh(boxes)), boxes)
