"""Corner and COCO boxes."""

import numpy as np

from dense_scene.utils.boxes import (
    clip_boxes,
    shared_areas,
    xywh_to_xyxy,
    xyxy_to_xywh,
)


def test_by_hand_and_empty():
    assert xyxy_to_xywh([[1, 2, 31, 42]]).tolist() == [[1, 2, 30, 40]]
    assert xywh_to_xyxy([[1, 2, 30, 40]]).tolist() == [[1, 2, 31, 42]]
    assert xyxy_to_xywh([]).shape == xywh_to_xyxy([]).shape == (0, 4)


def test_float32_corners_survive_the_round_trip():
    boxes = np.random.default_rng(0).random((600, 4), np.float32) * 4000
    np.testing.assert_array_equal(xywh_to_xyxy(xyxy_to_xywh(boxes)), boxes)


def test_clipping_drops_what_has_less_than_a_pixel_left():
    boxes = np.array(
        [
            [0, 0, 10, 10],  # inside: as it is
            [-5, -5, 5, 5],  # cut to 0, 0, 5, 5
            [18, 0, 40, 10],  # cut to 18, 0, 20, 10
            [19.5, 0, 40, 10],  # half a pixel wide
            [30, 0, 40, 10],  # outside
            [4, 4, 4, 8],  # no width
        ],
        np.float32,
    )
    cut, keep = clip_boxes(boxes, np.array([20, 12]))
    assert cut.dtype == np.float32
    assert keep.tolist() == [True, True, True, False, False, False]
    assert cut[:3].tolist() == [[0, 0, 10, 10], [0, 0, 5, 5], [18, 0, 20, 10]]
    # Any area at all is enough for min_side = 0.
    _, keep = clip_boxes(boxes, np.array([20, 12]), min_side=0)
    assert keep.tolist() == [True, True, True, True, False, False]


def test_clipping_takes_the_size_of_each_box_s_image():
    boxes = np.array([[0.0, 0, 9, 9], [0, 0, 9, 9]])
    cut, keep = clip_boxes(boxes, np.array([[4, 9], [9, 5]]))
    assert cut.tolist() == [[0, 0, 4, 9], [0, 0, 9, 5]]
    assert keep.all()


def test_clipping_no_box():
    cut, keep = clip_boxes(np.zeros((0, 4)), np.zeros((0, 2)))
    assert cut.shape == (0, 4)
    assert keep.shape == (0,)


def test_shared_areas_by_hand():
    # Equal, a corner of 3 x 2, one inside of the other, touching, apart.
    boxes = np.array([[0, 0, 10, 10]] * 5)
    others = np.array(
        [
            [0, 0, 10, 10],
            [7, 8, 20, 20],
            [2, 2, 4, 5],
            [10, 0, 20, 10],
            [30, 30, 40, 40],
        ]
    )
    assert shared_areas(boxes, others).tolist() == [100, 6, 6, 0, 0]
    assert shared_areas(boxes[:0], others[:0]).tolist() == []
