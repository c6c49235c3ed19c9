"""How closely the boxes of an image are packed."""

import numpy as np

# How many pairs are compared at a time: 8 MB per temporary array.
_PAIRS = 2**20


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
    x1, y1, x2, y2 = boxes.T
    areas = (x2 - x1) * (y2 - y1)
    best = np.empty(len(boxes))
    step = max(1, _PAIRS // len(boxes))
    for start in range(0, len(boxes), step):
        rows = np.arange(start, min(start + step, len(boxes)))
        width = np.minimum.outer(x2[rows], x2)
        width -= np.maximum.outer(x1[rows], x1)
        common = np.minimum.outer(y2[rows], y2)
        common -= np.maximum.outer(y1[rows], y1)
        common.clip(0, None, out=common)
        common *= width.clip(0, None, out=width)
        union = np.add.outer(areas[rows], areas) - common
        iou = np.divide(common, union, out=width, where=union > 0)
        iou[union <= 0] = 0
        iou[rows - start, rows] = 0
        best[rows] = iou.max(axis=1)
    return best
