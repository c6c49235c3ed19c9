"""What a level from 0 to 10 means (Zoph et al. 2019, the authors' code)."""

from numpy.random import Generator

MAX_LEVEL = 10
# Of all pixels that come from outside or are cut out.
FILL = 128
# Pixels of the photo at full resolution, at level 10.
TRANSLATE_PIXELS, TRANSLATE_BOX_PIXELS = 250, 120
CUTOUT_PIXELS, CUTOUT_BOX_PIXELS = 100, 50


def enhancement(level: float) -> float:
    """Factor of Color, Contrast, Brightness, Sharpness: 0.1 to 1.9."""
    # A common fraction: level 5 gives exactly 1, which changes nothing.
    return (level * 18 + 10) / 100


def solarize_threshold(level: float) -> int:
    """First level that is inverted: 0 to 256."""
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
    """Whole pixels of this image, horizontally and vertically.

    Args:
        level (float): 0 to 10.
        full (int): Pixels at level 10 and full resolution.
        pixel_scale (tuple[float, float]): Size of this image over that at
            full resolution, horizontally and vertically.
    """
    pixels = level / MAX_LEVEL * full
    return round(pixels * pixel_scale[0]), round(pixels * pixel_scale[1])


def random_sign(rng: Generator) -> int:
    """1 or -1."""
    return 1 if rng.random() < 0.5 else -1
