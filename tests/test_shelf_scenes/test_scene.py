"""Boxes of facings, worked out by hand, and cameras."""

import numpy as np
import pytest

from shelf_scenes.camera import Camera, aim_camera, project
from shelf_scenes.scene import (
    Facing,
    Run,
    box_areas,
    clip_polygon,
    project_boxes,
)

CARTON = Run('carton', 0, 30, 40, 0.0, 1, 2)


def straight_camera(matrix: np.ndarray | None = None) -> Camera:
    matrix = np.eye(3) if matrix is None else matrix
    return Camera((100, 80), (100, 80), 100.0, (50, 40), matrix)


def facing(left: int, top: int, lean: float = 0.0) -> Facing:
    return Facing(CARTON, left, top, lean, 0, 0)


def test_no_facing_gives_no_box():
    boxes, inside = project_boxes(straight_camera(), [])
    assert boxes.shape == (0, 4) and boxes.dtype == np.float32
    assert inside.shape == (0,)


def test_straight_view_keeps_the_frame():
    boxes, inside = project_boxes(straight_camera(), [facing(10, 20)])
    np.testing.assert_allclose(boxes, [[10, 20, 40, 60]])
    np.testing.assert_allclose(inside, [1])


def test_touching_and_equal_facings_share_edges():
    row = [facing(10, 20), facing(40, 20), facing(40, 20)]
    boxes, _ = project_boxes(straight_camera(), row)
    assert boxes[0, 2] == boxes[1, 0] == 40
    np.testing.assert_array_equal(boxes[1], boxes[2])


def test_leaning_turns_about_the_center():
    # A quarter turn about (25, 40) swaps 30 x 40 for 40 x 30.
    boxes, _ = project_boxes(straight_camera(), [facing(10, 20, 90)])
    np.testing.assert_allclose(boxes, [[5, 25, 45, 55]], atol=1e-4)


def test_boxes_are_clipped_and_measured():
    # 10 of the 30 columns lie left of the image, 10 of 40 rows below it.
    boxes, inside = project_boxes(straight_camera(), [facing(-10, 50)])
    np.testing.assert_allclose(boxes, [[0, 50, 20, 80]])
    np.testing.assert_allclose(inside, [20 * 30 / (30 * 40)])


def test_outside_facing_has_an_empty_box():
    boxes, inside = project_boxes(straight_camera(), [facing(200, 0)])
    np.testing.assert_array_equal(boxes, [[0, 0, 0, 0]])
    assert inside == 0


def test_clipping_cuts_the_silhouette_and_not_its_box():
    # A triangle whose tip is 10 to the right of a 100 x 80 image: its edges
    # fall by 1 in 2, so they meet the border 5 above and below the tip.
    triangle = np.array([[50.0, 10], [110, 40], [50, 70]])
    got = clip_polygon(triangle, (100, 80))
    want = [[50, 10], [50, 70], [100, 35], [100, 45]]
    np.testing.assert_allclose(sorted(got.tolist()), want)
    # One over the corner keeps the corner itself.
    square = np.array([[90.0, 70], [130, 70], [130, 99], [90, 99]])
    want = [[90, 70], [90, 80], [100, 70], [100, 80]]
    got = clip_polygon(square, (100, 80))
    np.testing.assert_allclose(sorted(got.tolist()), want)
    assert len(clip_polygon(square + 50, (100, 80))) == 0


def test_perspective_divides():
    # (x, y) -> (x, y) / (1 + x / 100): corners (10, 20) and (40, 60) map
    # to x = 10/1.1, 40/1.4; y is least at x = 40 and most at x = 10.
    matrix = np.array([[1, 0, 0], [0, 1, 0], [0.01, 0, 1]])
    boxes, _ = project_boxes(straight_camera(matrix), [facing(10, 20)])
    want = [[10 / 1.1, 20 / 1.4, 40 / 1.4, 60 / 1.1]]
    np.testing.assert_allclose(boxes, want, rtol=1e-6)


def test_areas():
    boxes = np.array([[0, 0, 2, 3], [1, 1, 1, 5]])
    np.testing.assert_array_equal(box_areas(boxes), [6, 0])


@pytest.mark.parametrize('size', [(1024, 1024), (300, 700)])
def test_canvas_holds_all_that_the_camera_sees(size):
    for seed in range(50):
        camera = aim_camera(np.random.default_rng(seed), size)
        x, y = np.meshgrid([0, size[0]], [0, size[1]])
        corners = np.stack([x, y], -1).reshape(-1, 2).astype(float)
        seen = project(np.linalg.inv(camera.matrix), corners)
        assert (seen >= 0).all() and (seen <= camera.canvas).all()
        # Mild: the canvas stays below twice the image.
        assert np.prod(camera.canvas) < 2 * np.prod(size)


def test_things_behind_shrink():
    assert straight_camera().shrink(0) == 1
    assert straight_camera().shrink(25) == pytest.approx(0.8)  # 100 / 125
