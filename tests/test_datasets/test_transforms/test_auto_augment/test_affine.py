"""Affine maps of images and boxes."""

import math

import cv2
import numpy as np
import pytest

from dense_scene.datasets.transforms.auto_augment.affine import (
    move_boxes,
    rotate,
    shear_x,
    shear_y,
    shift_image,
    translate,
    warp_image,
)

SIZE = WIDTH, HEIGHT = 70, 50
MAPS = dict(
    rotate=rotate(-17, *SIZE),
    shear_x=shear_x(0.3),
    shear_y=shear_y(-0.2),
    translate=translate(7, -4),
    all=shear_x(-0.1) @ rotate(30, *SIZE) @ translate(3, 5),
)


def random_boxes(n, seed=0):
    corners = np.random.default_rng(seed).uniform(0, 1, (n, 2, 2))
    corners = np.sort(corners, axis=1) * SIZE
    return corners.reshape(n, 4)


def test_boxes_by_hand():
    box = np.array([[10.0, 20.0, 30.0, 60.0]])
    # x' = x - .5 y: from 10 - 30 to 30 - 10.
    assert move_boxes(box, shear_x(0.5)).tolist() == [[-20, 20, 20, 60]]
    # y' = y - .5 x: from 20 - 15 to 60 - 5.
    assert move_boxes(box, shear_y(0.5)).tolist() == [[10, 5, 30, 55]]
    assert move_boxes(box, translate(1, -2)).tolist() == [[11, 18, 31, 58]]
    # A quarter turn clockwise about (50, 40): (x, y) -> (90 - y, x - 10).
    np.testing.assert_allclose(
        move_boxes(box, rotate(90, 100, 80)), [[30, 0, 70, 20]], atol=1e-12
    )


@pytest.mark.parametrize('name', MAPS)
def test_boxes_against_corners_one_by_one(name):
    boxes, matrix = random_boxes(600), MAPS[name]
    moved = move_boxes(boxes, matrix)
    for (x1, y1, x2, y2), hull in zip(boxes, moved):
        points = [matrix @ (x, y, 1) for x in (x1, x2) for y in (y1, y2)]
        xs, ys = [p[0] for p in points], [p[1] for p in points]
        np.testing.assert_allclose(
            hull, [min(xs), min(ys), max(xs), max(ys)], atol=1e-10
        )


def test_boxes_of_every_number():
    for n in (0, 1, 2):
        boxes = np.repeat(random_boxes(1), n, axis=0)
        assert move_boxes(boxes, np.eye(3)).shape == (n, 4)
    np.testing.assert_allclose(move_boxes(boxes, np.eye(3)), boxes)


def test_rotation_turns_back_and_keeps_the_center():
    matrix = rotate(23, *SIZE)
    np.testing.assert_allclose(
        rotate(-23, *SIZE) @ matrix, np.eye(3), atol=1e-12
    )
    np.testing.assert_allclose(matrix @ (35, 25, 1), (35, 25, 1))
    assert math.isclose(np.linalg.det(matrix), 1)


@pytest.mark.parametrize('name', MAPS)
def test_image_against_float64(name):
    image = np.random.default_rng(1).integers(
        0, 256, (HEIGHT, WIDTH, 3), np.uint8
    )
    warped = warp_image(image, MAPS[name], 128)
    # Where the center of each new pixel comes from.
    x, y = np.meshgrid(np.arange(WIDTH) + 0.5, np.arange(HEIGHT) + 0.5)
    inverse = np.linalg.inv(MAPS[name])
    source = np.stack([x, y, np.ones_like(x)], -1) @ inverse.T
    column, row = np.floor(source[..., :2]).astype(int).transpose(2, 0, 1)
    inside = (column >= 0) & (column < WIDTH) & (row >= 0) & (row < HEIGHT)
    expected = np.full_like(image, 128)
    expected[inside] = image[row[inside], column[inside]]
    # OpenCV has 1/32 pixel or better: within that of an edge, either pixel.
    sure = (abs(source[..., :2] % 1 - 0.5) < 0.5 - 1 / 32).all(axis=-1)
    assert sure.mean() > 0.7
    assert (warped == expected)[sure].all()


def test_object_and_its_box_move_together():
    image = np.zeros((200, 300, 3), np.uint8)
    box = np.array([[120, 60, 180, 130]])
    image[60:130, 120:180] = 255
    for matrix in (rotate(30, 300, 200), shear_x(-0.3), shear_y(0.3)):
        found = cv2.boundingRect(warp_image(image, matrix, 0)[..., 0])
        found = np.array(found) + [0, 0, *found[:2]]
        np.testing.assert_allclose(
            found, move_boxes(box, matrix)[0], atol=1.01
        )


@pytest.mark.parametrize(
    'dx,dy',
    [
        (0, 0),
        (7, 0),
        (0, -4),
        (-69, 49),
        (3, 5),
        (70, 0),
        (0, -50),
        (-500, 500),
    ],
)
def test_shift(dx, dy):
    image = np.random.default_rng(2).integers(
        0, 256, (HEIGHT, WIDTH, 3), np.uint8
    )
    shifted = shift_image(image, dx, dy, 128)
    for row in range(HEIGHT):
        for column in (0, 3, 34, 66, 69):
            y, x = row - dy, column - dx
            inside = 0 <= y < HEIGHT and 0 <= x < WIDTH
            expected = image[y, x] if inside else [128] * 3
            assert (shifted[row, column] == expected).all()
