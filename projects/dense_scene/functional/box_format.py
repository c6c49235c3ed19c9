"""Corner and COCO boxes as NumPy arrays, in float64."""

import numpy as np


def xyxy_to_xywh(boxes: np.ndarray) -> np.ndarray:
    """Corners to left, top, width, height.

    Exact for float32 input, as the difference of two float32 corners of one
    image fits into a float64.

    Args:
        boxes (np.ndarray): (N, 4), xyxy, any number type.

    Returns:
        np.ndarray: (N, 4) float64, xywh.
    """
    boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
    return np.hstack((boxes[:, :2], boxes[:, 2:] - boxes[:, :2]))


def xywh_to_xyxy(boxes: np.ndarray) -> np.ndarray:
    """Left, top, width, height to corners, (N, 4) float64.

    The way back may differ from the input in the last bit: keep the original
    where that counts, as in COCO evaluation.
    """
    boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
    return np.hstack((boxes[:, :2], boxes[:, :2] + boxes[:, 2:]))
