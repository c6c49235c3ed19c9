"""Color operations on uint8 images, several times Pillow's speed.

Those that map each level alone are lookup tables, (256,) uint8: the new value
of each old one. They equal Pillow's ImageOps and ImageEnhance to the last
bit; Pillow rounds towards zero.
"""

import cv2
import numpy as np

# Luma of ITU-R BT.601 in the order of OpenCV, with Pillow's 16-bit weights.
_LUMA_BGR = np.array([7471, 38470, 19595]) / 65536
# Rows that are worked on at a time, so that intermediates stay in the cache.
_STRIP = 64
_LEVELS = np.arange(256)
_IDENTITY = _LEVELS.astype(np.uint8)


def posterize_table(bits: int) -> np.ndarray:
    """Keep the highest ``bits`` bits, 1 to 8."""
    return (_LEVELS >> (8 - bits) << (8 - bits)).astype(np.uint8)


def solarize_table(threshold: int) -> np.ndarray:
    """Invert the levels of at least ``threshold``; 256 inverts none."""
    inverted = np.where(threshold > _LEVELS, _LEVELS, 255 - _LEVELS)
    return inverted.astype(np.uint8)


def solarize_add_table(addition: int, threshold: int = 128) -> np.ndarray:
    """Add to the levels below ``threshold``, up to 255."""
    added = np.clip(_LEVELS + addition, 0, 255)
    return np.where(threshold > _LEVELS, added, _LEVELS).astype(np.uint8)


def blend_table(gray: int, factor: float) -> np.ndarray:
    """``gray + factor * (level - gray)``, clipped.

    With ``gray`` 0 this is Pillow's Brightness, with the mean luma of the
    image its Contrast. A factor of 1 changes nothing.
    """
    # float32, as in Pillow: at factor 0.1 and the like the rounding shows.
    change = np.float32(factor) * (_LEVELS - gray).astype(np.float32)
    return np.clip(np.float32(gray) + change, 0, 255).astype(np.uint8)


def autocontrast_table(counts: np.ndarray) -> np.ndarray:
    """Stretch the levels that occur to 0 to 255, given their (256,) counts.

    With fewer than two levels nothing changes.
    """
    present = np.flatnonzero(counts)
    if len(present) < 2:
        return _IDENTITY
    low, high = int(present[0]), int(present[-1])
    scale = 255.0 / (high - low)
    return np.clip(_LEVELS * scale + -low * scale, 0, 255).astype(np.uint8)


def equalize_table(counts: np.ndarray) -> np.ndarray:
    """Spread the levels so that their (256,) int64 counts become even.

    With fewer than two levels, or fewer than 255 pixels besides those of the
    highest level, nothing changes.
    """
    present = np.flatnonzero(counts)
    if len(present) < 2:
        return _IDENTITY
    step = int(counts.sum() - counts[present[-1]]) // 255
    if step == 0:
        return _IDENTITY
    below = np.cumsum(counts) - counts
    return np.clip((below + step // 2) // step, 0, 255).astype(np.uint8)


def count_levels(image: np.ndarray) -> np.ndarray:
    """Histogram of each channel of (H, W, 3) uint8, (3, 256) int64."""
    counts = np.zeros((3, 256), np.int64)
    # Splitting first is faster than calcHist on interleaved channels.
    for top in range(0, len(image), _STRIP):
        for row, plane in zip(counts, cv2.split(image[top : top + _STRIP])):
            found = cv2.calcHist([plane], [0], None, [256], [0, 256])
            row += found.ravel().astype(np.int64)
    return counts


def mean_luma(image: np.ndarray) -> float:
    """Mean of the gray image, (H, W, 3) uint8 BGR."""
    return float(_LUMA_BGR @ cv2.mean(image)[:3])


def mean_luma_of_levels(counts: np.ndarray) -> float:
    """The same from the (3, 256) histograms of the channels, BGR."""
    means = counts @ np.arange(256) / counts.sum(axis=1)
    return float(_LUMA_BGR @ means)


def map_levels(
    image: np.ndarray, tables: np.ndarray, out: np.ndarray | None = None
) -> np.ndarray:
    """Look every value of (H, W, 3) up in the (3, 256) table of its channel.

    ``out`` gets the result and may be ``image``; None makes a new one.
    """
    if (tables[0] == tables[1]).all() and (tables[0] == tables[2]).all():
        return cv2.LUT(image, tables[0], dst=out)  # twice as fast as three
    return cv2.LUT(image, np.ascontiguousarray(tables.T)[None], dst=out)


def saturate(image: np.ndarray, factor: float) -> np.ndarray:
    """Pillow's Color: blend the gray image with the image.

    Factor 0 gives gray, 1 the image, more is more colorful. Within one level
    of Pillow; equal where the pixel is gray.
    """
    matrix = np.empty((3, 4), np.float32)
    matrix[:, :3] = factor * np.eye(3) + (1 - factor) * _LUMA_BGR
    # Pillow cuts the fraction off and OpenCV rounds. 0.25 leaves room for
    # OpenCV's fixed-point arithmetic, so that gray stays the same gray.
    matrix[:, 3] = -0.25
    return cv2.transform(image, matrix)


def sharpen(image: np.ndarray, factor: float) -> np.ndarray:
    """Pillow's Sharpness: blend the smoothed image with the image.

    Smoothing is Pillow's SMOOTH, 3 x 3 with 5/13 in the middle and 1/13
    around it; the pixels of the border stay as they are. Factor 0 gives the
    smoothed image, 1 the image, more sharpens. Within one level of Pillow.
    """
    result = image.copy()
    height, width = image.shape[:2]
    if height < 3 or width < 3:
        return result
    # SMOOTH is (9 box + 4 image) / 13, and the box filter is fast.
    box_weight = (1 - factor) * 9 / 13
    for top in range(1, height - 1, _STRIP):
        end = min(top + _STRIP, height - 1)
        box = cv2.blur(image[top - 1 : end + 1], (3, 3))[1:-1]
        # As above: Pillow cuts off, and a flat area must not change.
        result[top:end, 1:-1] = cv2.addWeighted(
            box, box_weight, image[top:end], 1 - box_weight, -0.4
        )[:, 1:-1]
    return result
