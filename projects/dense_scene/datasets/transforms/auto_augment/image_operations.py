"""Operations on the whole image, by name, and what their levels mean.

Each is a function of the canvas, the level (0 to 10) and the source of
random numbers, and changes the canvas. Magnitudes are those of the authors'
code (Zoph et al. 2019).
"""

from collections.abc import Callable
from functools import partial

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
from .image_color import (
    autocontrast_table,
    blend_table,
    equalize_table,
    posterize_table,
    saturate,
    sharpen,
    solarize_add_table,
    solarize_table,
)

Operation = Callable[[Canvas, float, Generator], None]

MAX_LEVEL = 10
# Of all pixels that come from outside or are cut out.
FILL = 128
# Pixels of the photo at full resolution, at level 10.
_TRANSLATE_PIXELS, _CUTOUT_PIXELS = 250, 100


def enhancement(level: float) -> float:
    """Factor of Color, Contrast, Brightness, Sharpness: 0.1 to 1.9."""
    # A common fraction: level 5 gives exactly 1, which changes nothing.
    return (level * 18 + 10) / 100


def solarize_threshold(level: float) -> int:
    """Lowest level of gray that is inverted: 0 to 256."""
    return int(level / MAX_LEVEL * 256)


def degrees(level: float) -> float:
    """Angle of rotation, without sign."""
    return level / MAX_LEVEL * 30


def shear(level: float) -> float:
    """Coefficient of shearing, without sign: pixels per pixel."""
    return level / MAX_LEVEL * 0.3


def to_pixels(
    level: float, full: int, pixel_scale: tuple[float, float]
) -> tuple[int, int]:
    """Pixels of this image, (x, y), for ``full`` of the photo at level 10."""
    pixels = level / MAX_LEVEL * full
    return round(pixels * pixel_scale[0]), round(pixels * pixel_scale[1])


def random_sign(rng: Generator) -> int:
    """1 or -1."""
    return 1 if rng.random() < 0.5 else -1


def random_shift(
    axis: int, pixels: tuple[int, int], rng: Generator
) -> list[int]:
    """The part of (x, y) along one axis, with either sign."""
    shift = [0, 0]
    shift[axis] = random_sign(rng) * pixels[axis]
    return shift


def map_counts(
    make: Callable, canvas: Canvas, level: float, rng: Generator
) -> None:
    tables = [make(counts) for counts in canvas.count_levels()]
    canvas.map_levels(np.stack(tables))


def posterize(canvas: Canvas, level: float, rng: Generator) -> None:
    # Levels under 2.5 ask for 0 bits. Pillow refuses that; TensorFlow, with
    # which the policies were learned, shifts by 7 at most: one bit is left.
    canvas.map_levels(posterize_table(max(1, int(level / MAX_LEVEL * 4))))


def solarize(canvas: Canvas, level: float, rng: Generator) -> None:
    canvas.map_levels(solarize_table(solarize_threshold(level)))


def solarize_add(canvas: Canvas, level: float, rng: Generator) -> None:
    canvas.map_levels(solarize_add_table(int(level / MAX_LEVEL * 110)))


def brightness(canvas: Canvas, level: float, rng: Generator) -> None:
    canvas.map_levels(blend_table(0, enhancement(level)))


def contrast(canvas: Canvas, level: float, rng: Generator) -> None:
    gray = int(canvas.mean_luma() + 0.5)
    canvas.map_levels(blend_table(gray, enhancement(level)))


def enhance(
    change: Callable, canvas: Canvas, level: float, rng: Generator
) -> None:
    if (factor := enhancement(level)) != 1:
        canvas.replace(change(canvas.image, factor))


def rotate_bbox(canvas: Canvas, level: float, rng: Generator) -> None:
    _warp(canvas, rotate(random_sign(rng) * degrees(level), *canvas.size))


def shear_bbox(
    along: Callable, canvas: Canvas, level: float, rng: Generator
) -> None:
    _warp(canvas, along(random_sign(rng) * shear(level)))


def translate_bbox(
    axis: int, canvas: Canvas, level: float, rng: Generator
) -> None:
    pixels = to_pixels(level, _TRANSLATE_PIXELS, canvas.pixel_scale)
    shift = random_shift(axis, pixels, rng)
    if any(shift):
        image = shift_image(canvas.image, *shift, FILL)
        canvas.move(image, translate(*shift))


def cutout(canvas: Canvas, level: float, rng: Generator) -> None:
    half = to_pixels(level, _CUTOUT_PIXELS, canvas.pixel_scale)
    fill_rectangle(canvas.writable(), rng.integers(canvas.size), half)


def bbox_cutout(canvas: Canvas, level: float, rng: Generator) -> None:
    crops = canvas.crops()
    crops = crops[(crops[:, 2:] > crops[:, :2]).all(axis=1)]
    if not len(crops):
        return
    x1, y1, x2, y2 = crops[rng.integers(len(crops))]
    fraction = level / MAX_LEVEL * 0.75
    half = int(fraction * (x2 - x1) / 2), int(fraction * (y2 - y1) / 2)
    center = rng.integers([x1, y1], [x2, y2])
    fill_rectangle(canvas.writable(), center, half)


def fill_rectangle(
    image: np.ndarray, center: np.ndarray, half: tuple[int, int]
) -> None:
    """Gray out ``center - half`` to ``center + half``, (x, y), in place."""
    left, top = np.maximum(np.subtract(center, half), 0)
    right, bottom = np.add(center, half)
    image[top:bottom, left:right] = FILL


def _warp(canvas: Canvas, matrix: np.ndarray) -> None:
    if (matrix != np.eye(3)).any():
        canvas.move(warp_image(canvas.image, matrix, FILL), matrix)


IMAGE_OPERATIONS: dict[str, Operation] = dict(
    AutoContrast=partial(map_counts, autocontrast_table),
    Equalize=partial(map_counts, equalize_table),
    Posterize=posterize,
    Solarize=solarize,
    SolarizeAdd=solarize_add,
    Color=partial(enhance, saturate),
    Contrast=contrast,
    Brightness=brightness,
    Sharpness=partial(enhance, sharpen),
    Cutout=cutout,
    BBox_Cutout=bbox_cutout,
    Rotate_BBox=rotate_bbox,
    TranslateX_BBox=partial(translate_bbox, 0),
    TranslateY_BBox=partial(translate_bbox, 1),
    ShearX_BBox=partial(shear_bbox, shear_x),
    ShearY_BBox=partial(shear_bbox, shear_y),
)
