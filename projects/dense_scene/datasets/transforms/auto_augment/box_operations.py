"""Operations on the content of boxes, by name.

Each makes, once per image, a function that changes the pixels of one box in
place. Boxes keep their places; sign and level are the same for all boxes of
an image.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.random import Generator

from .affine import rotate, shear_x, shear_y, shift_image, warp_image
from .canvas import Canvas
from .image_color import count_levels, map_levels
from .image_operations import fill_rectangle
from .magnitudes import (
    CUTOUT_BOX_PIXELS,
    FILL,
    TRANSLATE_BOX_PIXELS,
    degrees,
    random_sign,
    shear,
    solarize_threshold,
    to_pixels,
)
from .point_tables import equalize_table, solarize_table

# Takes the pixels of a box, (h, w, 3), h and w at least 1, to be changed.
ChangeCrop = Callable[[np.ndarray], None]
# From the level, the pixel scale and the source of random numbers.
MakeChange = Callable[[float, tuple[float, float], Generator], ChangeCrop]

# The authors found that changing more of the boxes distorts neighbours.
PROBABILITY_DIVISOR = 3


def change_boxes(
    canvas: Canvas, make: MakeChange, prob: float, level: float, rng: Generator
) -> None:
    """Change each box with a third of ``prob``, in random order."""
    crops = canvas.crops()
    chosen = rng.random(len(crops)) < prob / PROBABILITY_DIVISOR
    chosen &= (crops[:, 2:] > crops[:, :2]).all(axis=1)
    change = make(level, canvas.pixel_scale, rng)
    order = rng.permutation(np.flatnonzero(chosen))
    if not len(order):
        return
    image = canvas.writable()
    for x1, y1, x2, y2 in crops[order].tolist():
        change(image[y1:y2, x1:x2])


def _rotate(level: float, scale: tuple, rng: Generator) -> ChangeCrop:
    angle = random_sign(rng) * degrees(level)
    return _warp(lambda width, height: rotate(angle, width, height))


def _shear_x(level: float, scale: tuple, rng: Generator) -> ChangeCrop:
    matrix = shear_x(random_sign(rng) * shear(level))
    return _warp(lambda width, height: matrix)


def _shear_y(level: float, scale: tuple, rng: Generator) -> ChangeCrop:
    matrix = shear_y(random_sign(rng) * shear(level))
    return _warp(lambda width, height: matrix)


def _warp(get_matrix: Callable[[int, int], np.ndarray]) -> ChangeCrop:
    def change(crop: np.ndarray) -> None:
        matrix = get_matrix(*crop.shape[1::-1])
        crop[:] = warp_image(crop, matrix, FILL)

    return change


def _translate_x(level: float, scale: tuple, rng: Generator) -> ChangeCrop:
    pixels = to_pixels(level, TRANSLATE_BOX_PIXELS, scale)[0]
    return _shift(random_sign(rng) * pixels, 0)


def _translate_y(level: float, scale: tuple, rng: Generator) -> ChangeCrop:
    pixels = to_pixels(level, TRANSLATE_BOX_PIXELS, scale)[1]
    return _shift(0, random_sign(rng) * pixels)


def _shift(dx: int, dy: int) -> ChangeCrop:
    def change(crop: np.ndarray) -> None:
        crop[:] = shift_image(crop, dx, dy, FILL)

    return change


def _flip(level: float, scale: tuple, rng: Generator) -> ChangeCrop:
    def change(crop: np.ndarray) -> None:
        crop[:] = cv2.flip(crop, 1)

    return change


def _solarize(level: float, scale: tuple, rng: Generator) -> ChangeCrop:
    table = solarize_table(solarize_threshold(level))

    def change(crop: np.ndarray) -> None:
        crop[:] = cv2.LUT(crop, table)

    return change


def _equalize(level: float, scale: tuple, rng: Generator) -> ChangeCrop:
    def change(crop: np.ndarray) -> None:
        tables = [equalize_table(row) for row in count_levels(crop)]
        crop[:] = map_levels(crop, np.stack(tables))

    return change


def _cutout(level: float, scale: tuple, rng: Generator) -> ChangeCrop:
    half = to_pixels(level, CUTOUT_BOX_PIXELS, scale)

    def change(crop: np.ndarray) -> None:
        fill_rectangle(crop, rng.integers(crop.shape[1::-1]), half)

    return change


BOX_OPERATIONS: dict[str, MakeChange] = dict(
    Rotate_Only_BBoxes=_rotate,
    ShearX_Only_BBoxes=_shear_x,
    ShearY_Only_BBoxes=_shear_y,
    TranslateX_Only_BBoxes=_translate_x,
    TranslateY_Only_BBoxes=_translate_y,
    Flip_Only_BBoxes=_flip,
    Solarize_Only_BBoxes=_solarize,
    Equalize_Only_BBoxes=_equalize,
    Cutout_Only_BBoxes=_cutout,
)
