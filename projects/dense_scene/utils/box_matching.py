"""Which object each box overlaps most, recalls, or merges with others."""

import numpy as np

from .boxes import box_areas, shared_areas

# The rank of the proposal that recalls an object which none recalls. Larger
# than every cap, so that `rank < cap` needs no special case.
UNRECALLED = np.iinfo(np.int64).max
# "Most of it". At one half, a box of an object's size that lies midway
# between two touching objects would count as one over both.
COVERED_SHARE = 0.75


def best_objects(
    pairs: tuple[np.ndarray, np.ndarray, np.ndarray], num_boxes: int
) -> tuple[np.ndarray, np.ndarray]:
    """The object that each box overlaps most: the one it is assigned to.

    Of :func:`overlapping_pairs` of N boxes, the index of the object, -1 where
    there is none, and the IoU, 0 where there is none, each (N,).
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
    asked = np.flatnonzero(np.diff(box, prepend=-1))
    end = np.append(asked[1:], len(box))
    while True:
        ranks.fill(UNRECALLED)
        np.minimum.at(ranks, obj[asked], box[asked])
        refused = ranks[obj[asked]] != box[asked]
        if not refused.any():
            return
        asked = asked + refused
        asked, end = asked[asked < end], end[asked < end]


def find_merged(
    boxes: np.ndarray,
    objects: np.ndarray,
    pairs: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> np.ndarray:
    """Which boxes lie over several objects as if these were one.

    Source: ours. Such a box covers at least 3/4 of each of two or more
    objects, and its IoU with the box around these is larger than that with
    any object.

    Args:
        boxes (np.ndarray): (N, 4), xyxy.
        objects (np.ndarray): (M, 4), xyxy.
        pairs (tuple): Of :func:`overlapping_pairs`, in any order.

    Returns:
        np.ndarray: (N,) bool.
    """
    box, obj, iou = pairs
    best = np.zeros(len(boxes))
    np.maximum.at(best, box, iou)
    shared = shared_areas(boxes[box], objects[obj])
    covered = shared >= COVERED_SHARE * box_areas(objects)[obj]
    around = _iou_with_union(boxes, objects, box[covered], obj[covered])
    several = np.bincount(box[covered], minlength=len(boxes)) > 1
    return several & (around > best)


def _iou_with_union(
    boxes: np.ndarray, objects: np.ndarray, box: np.ndarray, obj: np.ndarray
) -> np.ndarray:
    """(N,), of each box with the box around its objects; 0 without any."""
    union = np.tile([np.inf, np.inf, -np.inf, -np.inf], (len(boxes), 1))
    np.minimum.at(union[:, :2], box, objects[obj, :2])
    np.maximum.at(union[:, 2:], box, objects[obj, 2:])
    iou, rows = np.zeros(len(boxes)), np.unique(box)
    boxes, union = boxes[rows], union[rows]
    shared = shared_areas(boxes, union)
    iou[rows] = shared / (box_areas(boxes) + box_areas(union) - shared)
    return iou
