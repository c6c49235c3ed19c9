"""Operations on the whole image, by name.

Each is a function of the canvas, the level (0 to 10) and the source of
random numbers, and changes the canvas. Magnitudes are those of the authors'
code (Zoph et al. 2019).
"""

from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from .affine import (
    rotate,
    shear_x,
    shear_y,
    shift_image,
    translate,
    warp_image,
)
from .canvas import Canvas
from .image_color import saturate, sharpen
from .magnitudes import (
    CUTOUT_PIXELS,
    FILL,
    TRANSLATE_PIXELS,
    degrees,
    enhancement,
    random_sign,
    shear,
    solarize_threshold,
    to_pixels,
)
from .point_tables import (
    autocontrast_table,
    blend_table,
    equalize_table,
    posterize_table,
    solarize_add_table,
    solarize_table,
)

Operation = Callable[[Canvas, float, Generator], None]


def auto_contrast(canvas: Canvas, level: float, rng: Generator) -> None:
    counts = canvas.count_levels()
    canvas.map_levels(np.stack([autocontrast_table(row) for row in counts]))


def equalize(canvas: Canvas, level: float, rng: Generator) -> None:
    counts = canvas.count_levels()
    canvas.map_levels(np.stack([equalize_table(row) for row in counts]))


def posterize(canvas: Canvas, level: float, rng: Generator) -> None:
    # Levels under 2.5 ask for 0 bits. Pillow refuses that; TensorFlow, with
    # which the policies were learned, shifts by 7 at most: one bit is left.
    bits = max(1, int(level / 10 * 4))
    canvas.map_levels(posterize_table(bits))


def solarize(canvas: Canvas, level: float, rng: Generator) -> None:
    canvas.map_levels(solarize_table(solarize_threshold(level)))


def solarize_add(canvas: Canvas, level: float, rng: Generator) -> None:
    canvas.map_levels(solarize_add_table(int(level / 10 * 110)))


def brightness(canvas: Canvas, level: float, rng: Generator) -> None:
    canvas.map_levels(blend_table(0, enhancement(level)))


def contrast(canvas: Canvas, level: float, rng: Generator) -> None:
    grey = int(canvas.mean_luma() + 0.5)
    canvas.map_levels(blend_table(grey, enhancement(level)))


def color(canvas: Canvas, level: float, rng: Generator) -> None:
    factor = enhancement(level)
    if factor != 1:
        canvas.replace(saturate(canvas.image, factor))


def sharpness(canvas: Canvas, level: float, rng: Generator) -> None:
    factor = enhancement(level)
    if factor != 1:
        canvas.replace(sharpen(canvas.image, factor))


def rotate_bbox(canvas: Canvas, level: float, rng: Generator) -> None:
    _warp(canvas, rotate(random_sign(rng) * degrees(level), *canvas.size))


def shear_x_bbox(canvas: Canvas, level: float, rng: Generator) -> None:
    _warp(canvas, shear_x(random_sign(rng) * shear(level)))


def shear_y_bbox(canvas: Canvas, level: float, rng: Generator) -> None:
    _warp(canvas, shear_y(random_sign(rng) * shear(level)))


def translate_x_bbox(canvas: Canvas, level: float, rng: Generator) -> None:
    pixels = to_pixels(level, TRANSLATE_PIXELS, canvas.pixel_scale)[0]
    _shift(canvas, random_sign(rng) * pixels, 0)


def translate_y_bbox(canvas: Canvas, level: float, rng: Generator) -> None:
    pixels = to_pixels(level, TRANSLATE_PIXELS, canvas.pixel_scale)[1]
    _shift(canvas, 0, random_sign(rng) * pixels)


def cutout(canvas: Canvas, level: float, rng: Generator) -> None:
    half = to_pixels(level, CUTOUT_PIXELS, canvas.pixel_scale)
    fill_rectangle(canvas.writable(), rng.integers(canvas.size), half)


def bbox_cutout(canvas: Canvas, level: float, rng: Generator) -> None:
    crops = canvas.crops()
    crops = crops[(crops[:, 2:] > crops[:, :2]).all(axis=1)]
    if not len(crops):
        return
    x1, y1, x2, y2 = crops[rng.integers(len(crops))]
    fraction = level / 10 * 0.75
    half = int(fraction * (x2 - x1) / 2), int(fraction * (y2 - y1) / 2)
    centre = rng.integers([x1, y1], [x2, y2])
    fill_rectangle(canvas.writable(), centre, half)


def fill_rectangle(
    image: np.ndarray, centre: np.ndarray, half: tuple[int, int]
) -> None:
    """Grey out ``centre - half`` to ``centre + half``, (x, y), in place."""
    left, top = np.maximum(np.subtract(centre, half), 0)
    right, bottom = np.add(centre, half)
    image[top:bottom, left:right] = FILL


def _warp(canvas: Canvas, matrix: np.ndarray) -> None:
    if (matrix != np.eye(3)).any():
        canvas.move(warp_image(canvas.image, matrix, FILL), matrix)


def _shift(canvas: Canvas, dx: int, dy: int) -> None:
    if dx or dy:
        image = shift_image(canvas.image, dx, dy, FILL)
        canvas.move(image, translate(dx, dy))


IMAGE_OPERATIONS: dict[str, Operation] = dict(
    AutoContrast=auto_contrast,
    Equalize=equalize,
    Posterize=posterize,
    Solarize=solarize,
    SolarizeAdd=solarize_add,
    Color=color,
    Contrast=contrast,
    Brightness=brightness,
    Sharpness=sharpness,
    Cutout=cutout,
    BBox_Cutout=bbox_cutout,
    Rotate_BBox=rotate_bbox,
    TranslateX_BBox=translate_x_bbox,
    TranslateY_BBox=translate_y_bbox,
    ShearX_BBox=shear_x_bbox,
    ShearY_BBox=shear_y_bbox,
)
