"""Corner boxes as NumPy arrays: format, area, clipping, overlaps."""

import numpy as np

# Box pairs that are compared at once. Their arrays of half a megabyte stay in
# the cache; with eight times as many everything takes twice as long or more.
_PAIRS_AT_ONCE = 1 << 16
# A box with a side shorter than this, in pixels, cannot be an object.
MIN_SIDE = 1.0
# The largest corner or side that is read from a file, in pixels: what is
# larger is no coordinate, and overflows once it is multiplied or rounded.
MAX_COORDINATE = 2**31


def xyxy_to_xywh(boxes: np.ndarray) -> np.ndarray:
    """Corners, of any number type, to left, top, width, height in float64.

    Exact for float32 input, as the difference of two float32 corners of one
    image fits into a float64.
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


def box_areas(boxes: np.ndarray) -> np.ndarray:
    """(N,) areas of (N, 4) xyxy boxes."""
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


def shared_areas(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """(N,) areas of the intersections of (N, 4) xyxy boxes, row by row."""
    low = np.maximum(boxes[:, :2], others[:, :2])
    high = np.minimum(boxes[:, 2:], others[:, 2:])
    return np.clip(high - low, 0, None).prod(axis=1)


def clip_boxes(
    boxes: np.ndarray, sizes: np.ndarray, min_side: float = MIN_SIDE
) -> tuple[np.ndarray, np.ndarray]:
    """Cut boxes at the edges of their images.

    Args:
        boxes (np.ndarray): (N, 4), xyxy, pixels.
        sizes (np.ndarray): (N, 2) or (2,), width and height of the image of
            each box.
        min_side (float): Shortest side in pixels of a box that is kept; with
            0 every box that has an area. Defaults to ``MIN_SIDE``.

    Returns:
        tuple: The cut boxes, (N, 4), of the type of ``boxes``, and which of
        them to keep, (N,) bool.
    """
    limits = np.concatenate((sizes, sizes), axis=-1)
    cut = np.clip(boxes, 0, limits).astype(boxes.dtype, copy=False)
    sides = cut[:, 2:] - cut[:, :2]
    fits = sides >= min_side if min_side else sides > 0
    return cut, fits.all(axis=1)


def turned_hulls(boxes: np.ndarray, degrees: np.ndarray) -> np.ndarray:
    """The upright boxes around boxes that turn about their centers.

    A side of the hull of a w x h box turned by a is w |cos a| + h |sin a|, or
    w |sin a| + h |cos a|. An inverted box stays as it is.

    Args:
        boxes (np.ndarray): (N, 4) float64, xyxy.
        degrees (np.ndarray): (N,), in either direction.
    """
    angles = np.radians(degrees)[:, None]
    cos, sin = np.abs(np.cos(angles)), np.abs(np.sin(angles))
    half = (boxes[:, 2:] - boxes[:, :2]) / 2
    center = boxes[:, :2] + half
    turned = half * cos + half[:, ::-1] * sin
    hulls = np.hstack((center - turned, center + turned))
    upright = (half < 0).any(axis=1) | (np.asarray(degrees) % 180 == 0)
    return np.where(upright[:, None], boxes, hulls)


def overlapping_pairs(
    boxes: np.ndarray, objects: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every box and object that overlap, the best object of a box first.

    Most boxes of a dense scene touch a handful of hundreds of objects, so
    the pairs are few where the full matrix is large. Memory beyond the
    result does not grow with the number of boxes.

    Args:
        boxes (np.ndarray): (N, 4), xyxy, any unit. A box that is inverted,
            empty or NaN overlaps nothing.
        objects (np.ndarray): (M, 4), the same.

    Returns:
        tuple: Index of the box, index of the object and their IoU in
        float64, each (P,). Sorted by box, then by falling IoU, then by
        falling object index (pycocotools prefers the last of equal ones).
    """
    boxes = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
    objects = np.asarray(objects, dtype=np.float64).reshape(-1, 4)
    step = max(1, _PAIRS_AT_ONCE // max(1, len(objects)))
    parts = [
        _pairs_of_part(boxes[start : start + step], objects, start)
        for start in range(0, max(1, len(boxes)), step)
    ]
    box, obj, iou = (np.concatenate(column) for column in zip(*parts))
    order = np.lexsort((-obj, -iou, box))
    return box[order], obj[order], iou[order]


def _pairs_of_part(
    boxes: np.ndarray, objects: np.ndarray, start: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Overlapping pairs of some of the boxes, by rows."""
    x1, y1, x2, y2 = (boxes[:, i, None] for i in range(4))
    width = np.minimum(x2, objects[:, 2]) - np.maximum(x1, objects[:, 0])
    height = np.minimum(y2, objects[:, 3]) - np.maximum(y1, objects[:, 1])
    box, obj = np.nonzero((width > 0) & (height > 0))
    shared = width[box, obj] * height[box, obj]
    union = box_areas(boxes)[box] + box_areas(objects)[obj] - shared
    return box + start, obj, shared / union


def nearest_neighbor_iou(boxes: np.ndarray) -> np.ndarray:
    """The largest IoU of each of (N, 4) boxes with another one, (N,) float64.

    0 where there is no other box, and for boxes without area.

    Example:
        >>> # 5 x 10 pixels in common, 100 + 100 - 50 in all: 1 / 3
        >>> nearest_neighbor_iou(np.array([[0, 0, 10, 10], [5, 0, 15, 10]]))
        array([0.33333333, 0.33333333])
    """
    box, other, iou = overlapping_pairs(boxes, boxes)
    best = np.zeros(len(boxes))
    np.maximum.at(best, box, np.where(box == other, 0, iou))
    return best
