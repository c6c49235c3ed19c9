"""What of a picture's boxes are hits, misses, merged or false alarms."""

from typing import NamedTuple

import numpy as np

from ..utils.box_matching import UNRECALLED, find_merged, recalling_ranks
from ..utils.boxes import overlapping_pairs

# From here on a box finds an object, as in AP50.
HIT_IOU = 0.5


class Comparison(NamedTuple):
    """Which boxes are what; see :func:`compare_boxes`."""

    hits: np.ndarray  # (N,) bool, predictions
    merged: np.ndarray  # (N,) bool, predictions
    false: np.ndarray  # (N,) bool, predictions
    missed: np.ndarray  # (M,) bool, objects


def compare_boxes(
    boxes: np.ndarray,
    labels: np.ndarray,
    scores: np.ndarray,
    objects: np.ndarray,
    object_labels: np.ndarray,
) -> Comparison:
    """Match predictions with objects of their class, as pycocotools does.

    A prediction is a hit if it is matched at IoU 0.5, else merged by
    :func:`find_merged`, else a false alarm.

    Args:
        boxes, objects (np.ndarray): (N, 4) and (M, 4), xyxy.
        labels, object_labels (np.ndarray): (N,) and (M,).
        scores (np.ndarray): (N,).
    """
    order = np.argsort(-scores, kind='stable')
    boxes, labels = boxes[order], labels[order]
    box, obj, iou = overlapping_pairs(boxes, objects)
    same = labels[box] == object_labels[obj]
    pairs = box[same], obj[same], iou[same]
    ranks = recalling_ranks(pairs, len(objects), np.array([HIT_IOU]))[0]
    missed = ranks == UNRECALLED
    hits = np.zeros(len(boxes), bool)
    hits[ranks[~missed]] = True
    merged = ~hits & find_merged(boxes, objects, pairs)
    back = np.argsort(order)
    return Comparison(
        hits[back], merged[back], (~hits & ~merged)[back], missed
    )
