"""What each stage of a cascade makes of the overlap of box and object."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from ...utils.box_matching import best_objects
from ...utils.boxes import overlapping_pairs


@dataclasses.dataclass(frozen=True, eq=False)
class BoxPaths:
    """Boxes of one image on their way through S stages.

    Args:
        objects (np.ndarray): (B, S), int64: the object that the box overlaps
            most when it enters the stage; -1 if it overlaps none.
        entering (np.ndarray): (B, S), float32: its IoU with that object.
        leaving (np.ndarray): (B, S): that of the refined box with the same
            object.
        moved (np.ndarray): (B, S), bool: the refined box overlaps another
            object more.
        best (np.ndarray): (M, S + 1), float32: for each object the largest
            IoU of any box with it, of the proposals and after each stage.
    """

    objects: np.ndarray
    entering: np.ndarray
    leaving: np.ndarray
    moved: np.ndarray
    best: np.ndarray


def follow_boxes(
    boxes: Sequence[np.ndarray], objects: np.ndarray, min_iou: float = 0.3
) -> BoxPaths:
    """Follow each proposal that has an object through the stages.

    The same proposals are followed through all stages, so that the stages
    can be compared: none drops out because it got worse.

    Args:
        boxes (Sequence[np.ndarray]): S + 1 arrays (N, 4), xyxy: proposals,
            and the same rows after each stage. The unit is that of objects.
        objects (np.ndarray): (M, 4), xyxy.
        min_iou (float): Proposals that overlap no object so much are left
            out, but for ``best``. Defaults to 0.3.

    Returns:
        BoxPaths: B is the number of proposals that are left.

    Raises:
        ValueError: If there is not one box after each stage per proposal.
    """
    counts = [len(part) for part in boxes]
    if len(counts) < 2 or len({*counts}) > 1:
        raise ValueError(
            'boxes must be proposals and as many boxes after each stage, but '
            f'got {counts} boxes. Give them before NMS.'
        )
    found = [overlapping_pairs(part, objects) for part in boxes]
    matches = [best_objects(pairs, counts[0]) for pairs in found]
    index, iou = (np.stack(column, axis=1) for column in zip(*matches))
    leaving = np.stack(
        [
            _iou_with(index[:, stage], pairs)
            for stage, pairs in enumerate(found[1:])
        ],
        axis=1,
    )
    best = np.zeros((len(objects), len(boxes)), np.float32)
    for point, (_, obj, value) in enumerate(found):
        np.maximum.at(best[:, point], obj, value.astype(np.float32))
    kept = (iou[:, 0] >= min_iou) & (index[:, 0] >= 0)
    # Not merely another one: a box around two objects overlaps both alike.
    moved = (iou[:, 1:] > leaving) & (index[:, :-1] >= 0)
    return BoxPaths(
        index[kept, :-1],
        iou[kept, :-1].astype(np.float32),
        leaving[kept].astype(np.float32),
        moved[kept],
        best,
    )


def _iou_with(
    wanted: np.ndarray, pairs: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> np.ndarray:
    """IoU of every box with the object wanted for it, 0 without overlap."""
    box, obj, value = pairs
    own = wanted[box] == obj
    result = np.zeros(len(wanted))
    result[box[own]] = value[own]
    return result
