"""How many other boxes stand around a box."""

import numpy as np

from ...utils.boxes import overlapping_pairs

# Half a box further to every side: what touches it or nearly does.
_ENLARGE = 2.0


def count_neighbours(boxes: np.ndarray) -> np.ndarray:
    """The number of other boxes within half a width and height of each.

    Unlike an IoU it also tells touching boxes from lonely ones: products on a
    shelf hardly overlap.

    Args:
        boxes (np.ndarray): (N, 4), xyxy, of one image.

    Returns:
        np.ndarray: (N,), int64: other boxes that overlap the box of the same
        centre and of twice the width and height.

    Example:
        >>> # In a row without gaps; the last one is 6 away, over 10 / 2.
        >>> count_neighbours(
        ...     np.array([[0, 0, 10, 10], [10, 0, 20, 10], [26, 0, 36, 10]])
        ... )
        array([1, 1, 0])
    """
    boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = (boxes[:, 2:] - boxes[:, :2]) * (_ENLARGE / 2)
    enlarged = np.concatenate([centre - half, centre + half], axis=1)
    box, obj, _ = overlapping_pairs(enlarged, boxes)
    return np.bincount(box[box != obj], minlength=len(boxes))
