"""Operations on the content of boxes, by name.

Each makes, once per image, a function that gives the new pixels of one box.
Boxes keep their places; sign and level are the same for all boxes of an image.
"""

from collections.abc import Callable
from functools import partial

import cv2
import numpy as np
from numpy.random import Generator

from .affine import rotate, shear_x, shear_y, shift_image, warp_image
from .canvas import Canvas
from .image_color import (
    count_levels,
    equalize_table,
    map_levels,
    solarize_table,
)
from .image_operations import (
    FILL,
    degrees,
    fill_rectangle,
    random_shift,
    random_sign,
    shear,
    solarize_threshold,
    to_pixels,
)

# From the pixels of a box, (h, w, 3), h and w at least 1, to new ones.
ChangeCrop = Callable[[np.ndarray], np.ndarray]
# From the level, the pixel scale and the source of random numbers.
MakeChange = Callable[[float, tuple[float, float], Generator], ChangeCrop]

# Pixels of the photo at full resolution, at level 10.
_TRANSLATE_PIXELS, _CUTOUT_PIXELS = 120, 50
# The authors found that changing more of the boxes distorts neighbors.
_PROBABILITY_DIVISOR = 3


def change_boxes(
    canvas: Canvas, make: MakeChange, prob: float, level: float, rng: Generator
) -> None:
    """Change each box with a third of ``prob``, in random order."""
    crops = canvas.crops()
    chosen = rng.random(len(crops)) < prob / _PROBABILITY_DIVISOR
    chosen &= (crops[:, 2:] > crops[:, :2]).all(axis=1)
    change = make(level, canvas.pixel_scale, rng)
    order = rng.permutation(np.flatnonzero(chosen))
    if not len(order):
        return
    image = canvas.writable()
    for x1, y1, x2, y2 in crops[order].tolist():
        image[y1:y2, x1:x2] = change(image[y1:y2, x1:x2])


def _rotate(level: float, scale: tuple, rng: Generator) -> ChangeCrop:
    angle = random_sign(rng) * degrees(level)
    return lambda crop: warp_image(
        crop, rotate(angle, *crop.shape[1::-1]), FILL
    )


def _shear(
    along: Callable, level: float, scale: tuple, rng: Generator
) -> ChangeCrop:
    matrix = along(random_sign(rng) * shear(level))
    return lambda crop: warp_image(crop, matrix, FILL)


def _translate(
    axis: int, level: float, scale: tuple, rng: Generator
) -> ChangeCrop:
    pixels = to_pixels(level, _TRANSLATE_PIXELS, scale)
    shift = random_shift(axis, pixels, rng)
    return lambda crop: shift_image(crop, *shift, FILL)


def _flip(level: float, scale: tuple, rng: Generator) -> ChangeCrop:
    return lambda crop: cv2.flip(crop, 1)


def _solarize(level: float, scale: tuple, rng: Generator) -> ChangeCrop:
    table = solarize_table(solarize_threshold(level))
    return lambda crop: cv2.LUT(crop, table)


def _equalize(level: float, scale: tuple, rng: Generator) -> ChangeCrop:
    def change(crop: np.ndarray) -> np.ndarray:
        tables = [equalize_table(row) for row in count_levels(crop)]
        return map_levels(crop, np.stack(tables))

    return change


def _cutout(level: float, scale: tuple, rng: Generator) -> ChangeCrop:
    half = to_pixels(level, _CUTOUT_PIXELS, scale)

    def change(crop: np.ndarray) -> np.ndarray:
        fill_rectangle(crop, rng.integers(crop.shape[1::-1]), half)
        return crop

    return change


BOX_OPERATIONS: dict[str, MakeChange] = dict(
    Rotate_Only_BBoxes=_rotate,
    ShearX_Only_BBoxes=partial(_shear, shear_x),
    ShearY_Only_BBoxes=partial(_shear, shear_y),
    TranslateX_Only_BBoxes=partial(_translate, 0),
    TranslateY_Only_BBoxes=partial(_translate, 1),
    Flip_Only_BBoxes=_flip,
    Solarize_Only_BBoxes=_solarize,
    Equalize_Only_BBoxes=_equalize,
    Cutout_Only_BBoxes=_cutout,
)
