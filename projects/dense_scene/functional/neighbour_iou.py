"""How closely the boxes of an image are packed."""

import numpy as np


def nearest_neighbour_iou(boxes: np.ndarray) -> np.ndarray:
    """The largest IoU of every box with another one.

    Args:
        boxes (np.ndarray): (N, 4), xyxy, of one image.

    Returns:
        np.ndarray: (N,) float64, 0 to 1; 0 where there is no other box, and
        for boxes without area.

    Example:
        >>> # 5 x 10 pixels in common, 100 + 100 - 50 in all: 1 / 3
        >>> nearest_neighbour_iou(np.array([[0, 0, 10, 10], [5, 0, 15, 10]]))
        array([0.33333333, 0.33333333])
    """
    boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
    if len(boxes) < 2:
        return np.zeros(len(boxes))
    low = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    common = np.clip(high - low, 0, None).prod(axis=2)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    union = areas[:, None] + areas - common
    iou = np.divide(common, union, out=np.zeros_like(common), where=union > 0)
    np.fill_diagonal(iou, 0)
    return iou.max(axis=1)
