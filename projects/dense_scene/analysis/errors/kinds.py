"""What kind of error a detection or a missed object of a dense scene is."""

import numpy as np

from ...utils.box_matching import COVERED_SHARE, find_merged
from ...utils.boxes import box_areas, overlapping_pairs, shared_areas
from ...utils.groups import group_rows

DETECTION_ERRORS = (
    *('merged', 'duplicate', 'split'),
    *('shifted', 'loose', 'background'),
)
OBJECT_ERRORS = ('missed_occluded', 'missed_other')
# A repaired detection finds an object; those of other kinds are removed.
REPAIRABLE = ('merged', 'split', 'shifted', 'loose')

# TIDE's thresholds: from the first on an object is found, below the second
# there is background.
FOREGROUND_IOU = 0.5
BACKGROUND_IOU = 0.1
OCCLUDED_SHARE = 0.25

Pairs = tuple[np.ndarray, np.ndarray, np.ndarray]


def pairs_by_group(
    boxes: np.ndarray,
    groups: np.ndarray,
    objects: np.ndarray,
    object_groups: np.ndarray,
) -> Pairs:
    """Overlapping boxes and objects of the same group, of a whole data set.

    Groups are (N,) and (M,) integers, -1 for none; the rest is as in
    :func:`overlapping_pairs`.
    """
    parts = [(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))]
    names = np.unique(groups[groups >= 0])
    for rows, columns in zip(
        group_rows(groups, names), group_rows(object_groups, names)
    ):
        box, obj, iou = overlapping_pairs(boxes[rows], objects[columns])
        parts.append((rows[box], columns[obj], iou))
    box, obj, iou = (np.concatenate(column) for column in zip(*parts))
    order = np.argsort(box, kind='stable')
    return box[order], obj[order], iou[order]


def classify_detections(
    boxes: np.ndarray, objects: np.ndarray, pairs: Pairs
) -> np.ndarray:
    """The kind of error of detections that found nothing.

    Source: ours. The kinds refine TIDE's "localization" and "background", of
    which they keep the IoU thresholds, by the failures of the paper's
    Figure 4. Only objects of the detection's class count. The first that
    applies:

    - **merged**: :func:`find_merged`.
    - **duplicate**: IoU >= 0.5 with an object, found by another detection.
    - **split**: at least 3/4 of it lie inside of one object.
    - **shifted**: IoU >= 0.1 with two or more objects.
    - **loose**: IoU >= 0.1 with one object.
    - **background**: anything else; a detection on an object of another
      class too (TIDE's "classification").

    Args:
        boxes (np.ndarray): (N, 4), xyxy: detections without a match at IoU
            0.5.
        objects (np.ndarray): (M, 4), xyxy.
        pairs (tuple): Of :func:`pairs_by_group`, within a class.

    Returns:
        np.ndarray: (N,) int64, index into ``DETECTION_ERRORS``.

    Example:
        >>> objects = np.array([[0, 0, 10, 10], [10, 0, 20, 10]])
        >>> boxes = np.array([[0, 0, 20, 10], [5, 0, 15, 10], [0, 0, 4, 10]])
        >>> pairs = overlapping_pairs(boxes, objects)
        >>> [
        ...     DETECTION_ERRORS[kind]
        ...     for kind in classify_detections(boxes, objects, pairs)
        ... ]
        ['merged', 'shifted', 'split']
    """
    box, obj, iou = pairs
    count = len(boxes)
    best = np.zeros(count)
    np.maximum.at(best, box, iou)
    shared = shared_areas(boxes[box], objects[obj])
    inside = shared >= COVERED_SHARE * box_areas(boxes)[box]
    touched = np.bincount(box[iou >= BACKGROUND_IOU], minlength=count)
    kinds = (
        find_merged(boxes, objects, pairs),
        best >= FOREGROUND_IOU,
        np.bincount(box[inside], minlength=count) > 0,
        touched > 1,
        touched == 1,
    )
    return np.select(kinds, range(5), 5)


def find_occluded(objects: np.ndarray, pairs: Pairs) -> np.ndarray:
    """Which objects share a quarter of their area with another one.

    Boxes do not tell which of the two is in front; a large object that a small
    one hides in part is not counted, as most of it can be seen.

    (M, 4), xyxy, to (M,) bool. The pairs are of objects with objects of the
    same image, of any class; those of an object with itself do not count.
    """
    row, other, _ = pairs
    shared = shared_areas(objects[row], objects[other])
    hidden = shared >= OCCLUDED_SHARE * box_areas(objects)[row]
    hidden &= row != other
    return np.bincount(row[hidden], minlength=len(objects)) > 0
