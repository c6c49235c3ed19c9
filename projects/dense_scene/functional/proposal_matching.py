"""Overlaps of proposals with objects, and which object each recalls."""

import numpy as np

# Box pairs that are compared at once. Their arrays of half a megabyte stay in
# the cache; with eight times as many everything takes twice as long or more.
_PAIRS_AT_ONCE = 1 << 16
# The rank of the proposal that recalls an object which none recalls. Larger
# than every cap, so that `rank < cap` needs no special case.
UNRECALLED = np.iinfo(np.int64).max


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
    union = _area(boxes)[box] + _area(objects)[obj] - shared
    return box + start, obj, shared / union


def _area(boxes: np.ndarray) -> np.ndarray:
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


def best_objects(
    pairs: tuple[np.ndarray, np.ndarray, np.ndarray], num_boxes: int
) -> tuple[np.ndarray, np.ndarray]:
    """The object that each box overlaps most: the one it is assigned to.

    Args:
        pairs (tuple): Of :func:`overlapping_pairs`.
        num_boxes (int): N.

    Returns:
        tuple: Index of the object, -1 where there is none, and the IoU, 0
        where there is none, each (N,).
    """
    box, obj, iou = pairs
    first = np.flatnonzero(np.diff(box, prepend=-1))
    index = np.full(num_boxes, -1)
    best = np.zeros(num_boxes)
    index[box[first]] = obj[first]
    best[box[first]] = iou[first]
    return index, best


def recalling_ranks(
    pairs: tuple[np.ndarray, np.ndarray, np.ndarray],
    num_objects: int,
    thresholds: np.ndarray,
) -> np.ndarray:
    """The proposal that recalls each object, matched as pycocotools does.

    From the best-scored proposal on, each takes the free object that it
    overlaps most, if their IoU reaches the threshold. What the first k
    proposals take does not depend on those after them, so one matching
    answers for every cap: an object is recalled at k proposals if its rank
    is below k.

    The loop over proposals is replaced by rounds (deferred acceptance, Gale
    and Shapley 1962): all proposals ask at once, each object keeps the best
    scored, the others ask their next object. Every object prefers the
    better score, so the outcome is unique, and that of the loop.

    Args:
        pairs (tuple): Of :func:`overlapping_pairs`; boxes by falling score.
        num_objects (int): M.
        thresholds (np.ndarray): (T,), smallest IoU of a match.

    Returns:
        np.ndarray: (T, M), int64, index of the proposal, or ``UNRECALLED``.
    """
    box, obj, iou = pairs
    ranks = np.empty((len(thresholds), num_objects), dtype=np.int64)
    for row, threshold in zip(ranks, thresholds):
        reached = iou >= threshold
        _match(box[reached], obj[reached], row)
    return ranks


def _match(box: np.ndarray, obj: np.ndarray, ranks: np.ndarray) -> None:
    """Fill ``ranks`` (M,) from the pairs that reach one threshold."""
    ranks.fill(UNRECALLED)
    asked = np.flatnonzero(np.diff(box, prepend=-1))
    end = np.append(asked[1:], len(box))
    while len(asked):
        ranks.fill(UNRECALLED)
        np.minimum.at(ranks, obj[asked], box[asked])
        refused = ranks[obj[asked]] != box[asked]
        if not refused.any():
            return
        asked = asked + refused
        asked, end = asked[asked < end], end[asked < end]
