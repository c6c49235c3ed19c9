"""Affine maps of images and of the boxes in them.

A map is a (3, 3) float64 matrix that takes old to new positions. Positions
are (x, y) in pixels with pixel *edges* at integers, as in boxes: the center
of the first pixel is at (0.5, 0.5). So an image and its boxes move by the same
matrix.
"""

import cv2
import numpy as np


def shear_x(coefficient: float) -> np.ndarray:
    """Shift rows: x' = x - coefficient * y."""
    return np.array([[1, -coefficient, 0], [0, 1, 0], [0, 0, 1.0]])


def shear_y(coefficient: float) -> np.ndarray:
    """Shift columns: y' = y - coefficient * x."""
    return np.array([[1, 0, 0], [-coefficient, 1, 0], [0, 0, 1.0]])


def translate(dx: float, dy: float) -> np.ndarray:
    """Move by (dx, dy) pixels, right and down."""
    return np.array([[1, 0, dx], [0, 1, dy], [0, 0, 1.0]])


def rotate(degrees: float, width: int, height: int) -> np.ndarray:
    """Turn clockwise about the center of an image of this size."""
    angle = np.deg2rad(degrees)
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    x, y = width / 2, height / 2
    return translate(x, y) @ turn @ translate(-x, -y)


def move_boxes(boxes: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """The hulls of the moved corners of (N, 4) xyxy boxes, float64."""
    corners = np.asarray(boxes, np.float64)[:, [0, 1, 2, 1, 2, 3, 0, 3]]
    corners = corners.reshape(-1, 4, 2) @ matrix[:2, :2].T + matrix[:2, 2]
    return np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)


def warp_image(image: np.ndarray, matrix: np.ndarray, fill: int) -> np.ndarray:
    """Move (H, W, 3) uint8, taking for each new pixel the nearest old one.

    Pixels that come from outside get the value ``fill``.
    """
    # OpenCV puts pixel centers at integers.
    inverse = translate(-0.5, -0.5) @ np.linalg.inv(matrix)
    inverse = inverse @ translate(0.5, 0.5)
    return cv2.warpAffine(
        image,
        inverse[:2],
        image.shape[1::-1],
        flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(fill,) * 3,
    )


def shift_image(image: np.ndarray, dx: int, dy: int, fill: int) -> np.ndarray:
    """Move by whole pixels, right and down, even by more than there are."""
    height, width = image.shape[:2]
    result = np.full_like(image, fill)
    if abs(dx) < width and abs(dy) < height:
        old = image[max(-dy, 0) : height - dy, max(-dx, 0) : width - dx]
        top, left = max(dy, 0), max(dx, 0)
        result[top : top + len(old), left : left + old.shape[1]] = old
    return result
