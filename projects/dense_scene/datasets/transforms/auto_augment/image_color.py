"""Colour operations on whole uint8 images, several times Pillow's speed."""

import cv2
import numpy as np

# Luma of ITU-R BT.601 in the order of OpenCV, with Pillow's 16-bit weights.
_LUMA_BGR = np.array([7471, 38470, 19595]) / 65536
# Rows that are worked on at a time, so that intermediates stay in the cache.
_STRIP = 64


def count_levels(image: np.ndarray) -> np.ndarray:
    """Histogram of each channel.

    Args:
        image (np.ndarray): (H, W, 3), uint8.

    Returns:
        np.ndarray: (3, 256), int64.
    """
    counts = np.zeros((3, 256), np.int64)
    # Splitting first is faster than calcHist on interleaved channels.
    for top in range(0, len(image), _STRIP):
        for row, plane in zip(counts, cv2.split(image[top : top + _STRIP])):
            found = cv2.calcHist([plane], [0], None, [256], [0, 256])
            row += found.ravel().astype(np.int64)
    return counts


def mean_luma(image: np.ndarray) -> float:
    """Mean of the grey image, (H, W, 3) uint8 BGR."""
    return float(_LUMA_BGR @ cv2.mean(image)[:3])


def mean_luma_of_levels(counts: np.ndarray) -> float:
    """The same from the (3, 256) histograms of the channels, BGR."""
    means = counts @ np.arange(256) / counts.sum(axis=1)
    return float(_LUMA_BGR @ means)


def map_levels(
    image: np.ndarray, tables: np.ndarray, out: np.ndarray | None = None
) -> np.ndarray:
    """Look every value up in the table of its channel.

    Args:
        image (np.ndarray): (H, W, 3), uint8.
        tables (np.ndarray): (3, 256), uint8.
        out (np.ndarray, optional): Gets the result; may be ``image``.
            Defaults to None: a new image.

    Returns:
        np.ndarray: ``out`` or the new image.
    """
    if (tables[0] == tables[1]).all() and (tables[0] == tables[2]).all():
        return cv2.LUT(image, tables[0], dst=out)  # twice as fast as three
    return cv2.LUT(image, np.ascontiguousarray(tables.T)[None], dst=out)


def saturate(image: np.ndarray, factor: float) -> np.ndarray:
    """Pillow's Color: blend the grey image with the image.

    Within one grey level of Pillow; equal where the pixel is grey.

    Args:
        image (np.ndarray): (H, W, 3), uint8, BGR.
        factor (float): 0 gives grey, 1 the image, more is more colourful.

    Returns:
        np.ndarray: A new image.
    """
    matrix = np.empty((3, 4), np.float32)
    matrix[:, :3] = factor * np.eye(3) + (1 - factor) * _LUMA_BGR
    # Pillow cuts the fraction off and OpenCV rounds. 0.25 leaves room for
    # OpenCV's fixed-point arithmetic, so that grey stays the same grey.
    matrix[:, 3] = -0.25
    return cv2.transform(image, matrix)


def sharpen(image: np.ndarray, factor: float) -> np.ndarray:
    """Pillow's Sharpness: blend the smoothed image with the image.

    Smoothing is Pillow's SMOOTH, 3 x 3 with 5/13 in the middle and 1/13
    around it; the pixels of the border stay as they are. Within one grey
    level of Pillow.

    Args:
        image (np.ndarray): (H, W, 3), uint8.
        factor (float): 0 gives the smoothed image, 1 the image, more
            sharpens.

    Returns:
        np.ndarray: A new image.
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
