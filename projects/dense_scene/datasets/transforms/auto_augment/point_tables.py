"""Lookup tables of the colour operations that map each grey level alone.

Every function returns a (256,) uint8 table, the new value of each old one.
They agree with the operations of Pillow's ImageOps and ImageEnhance, whose
rounding (towards zero) they follow.
"""

import numpy as np

_LEVELS = np.arange(256)
_IDENTITY = _LEVELS.astype(np.uint8)


def posterize_table(bits: int) -> np.ndarray:
    """Keep the highest ``bits`` bits, 1 to 8."""
    return (_LEVELS >> (8 - bits) << (8 - bits)).astype(np.uint8)


def solarize_table(threshold: int) -> np.ndarray:
    """Invert the levels from ``threshold`` on; 256 inverts none."""
    return np.where(threshold > _LEVELS, _LEVELS, 255 - _LEVELS).astype(
        np.uint8
    )


def solarize_add_table(addition: int, threshold: int = 128) -> np.ndarray:
    """Add to the levels below ``threshold``, up to 255."""
    added = np.clip(_LEVELS + addition, 0, 255)
    return np.where(threshold > _LEVELS, added, _LEVELS).astype(np.uint8)


def blend_table(grey: int, factor: float) -> np.ndarray:
    """``grey + factor * (level - grey)``, clipped.

    With ``grey`` 0 this is Pillow's Brightness, with the mean luma of the
    image its Contrast.

    Args:
        grey (int): What factor 0 turns every level into, 0 to 255.
        factor (float): 0 or more; 1 changes nothing.
    """
    # float32, as in Pillow: at factor 0.1 and the like the rounding shows.
    change = np.float32(factor) * (_LEVELS - grey).astype(np.float32)
    return np.clip(np.float32(grey) + change, 0, 255).astype(np.uint8)


def autocontrast_table(histogram: np.ndarray) -> np.ndarray:
    """Stretch the levels that occur to 0 to 255.

    Args:
        histogram (np.ndarray): (256,) counts of one channel. With fewer than
            two levels nothing changes.
    """
    present = np.flatnonzero(histogram)
    if len(present) < 2:
        return _IDENTITY.copy()
    low, high = int(present[0]), int(present[-1])
    scale = 255.0 / (high - low)
    return np.clip(_LEVELS * scale + -low * scale, 0, 255).astype(np.uint8)


def equalize_table(histogram: np.ndarray) -> np.ndarray:
    """Spread the levels so that their counts become even.

    Args:
        histogram (np.ndarray): (256,) integer counts of one channel. With
            fewer than two levels, or under 255 pixels besides those of the
            highest level, nothing changes.
    """
    present = np.flatnonzero(histogram)
    if len(present) < 2:
        return _IDENTITY.copy()
    histogram = histogram.astype(np.int64)
    step = int(histogram.sum() - histogram[present[-1]]) // 255
    if step == 0:
        return _IDENTITY.copy()
    below = np.cumsum(histogram) - histogram
    return np.clip((below + step // 2) // step, 0, 255).astype(np.uint8)
