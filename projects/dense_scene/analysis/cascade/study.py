"""What each stage of a cascade makes of the overlap of box and object."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence

import numpy as np

from ...utils.box_matching import best_objects
from ...utils.boxes import overlapping_pairs
from ...utils.files import whole_file
from ...utils.npz import read_npz


def count_neighbors(boxes: np.ndarray) -> np.ndarray:
    """How many other boxes of an image overlap each box at twice its size.

    (N, 4), xyxy, to (N,) int64. Unlike an IoU it also tells touching boxes
    from lonely ones: products on a shelf hardly overlap.

    Example:
        >>> # In a row without gaps; the last one is 6 away, over 10 / 2.
        >>> count_neighbors(
        ...     np.array([[0, 0, 10, 10], [10, 0, 20, 10], [26, 0, 36, 10]])
        ... )
        array([1, 1, 0])
    """
    boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
    center = (boxes[:, :2] + boxes[:, 2:]) / 2
    size = boxes[:, 2:] - boxes[:, :2]
    enlarged = np.concatenate([center - size, center + size], axis=1)
    box, obj, _ = overlapping_pairs(enlarged, boxes)
    return np.bincount(box[box != obj], minlength=len(boxes))


@dataclasses.dataclass(frozen=True, eq=False)
class CascadeStudy:
    """B boxes and M objects of I images on their way through S stages."""

    # (S,): from which IoU on each stage called a box positive in training.
    thresholds: np.ndarray
    # (I,) and (M,), int64: objects of the image, neighbors of the object.
    image_objects: np.ndarray
    neighbors: np.ndarray
    # (M, S + 1), float32: the largest IoU of any box with the object, of the
    # proposals and after each stage.
    best: np.ndarray
    # (B, S), int64: the object that the box overlaps most when it enters the
    # stage, as a position in neighbors; -1 if it overlaps none.
    objects: np.ndarray
    # (B, S), float32: IoU with that object before and after the stage.
    entering: np.ndarray
    leaving: np.ndarray
    # (B, S), bool: the refined box overlaps another object more.
    moved: np.ndarray

    @classmethod
    def of_image(
        cls,
        boxes: Sequence[np.ndarray],
        objects: np.ndarray,
        thresholds: Sequence[float],
        min_iou: float = 0.3,
    ) -> CascadeStudy:
        """Follow each proposal of an image that has an object.

        The same proposals are followed through all stages, so that the stages
        can be compared: none drops out because it got worse.

        Args:
            boxes (Sequence[np.ndarray]): Of :meth:`CascadeTap.boxes`.
            objects (np.ndarray): (M, 4), xyxy, in the same unit.
            thresholds (Sequence[float]): (S,).
            min_iou (float): Proposals that overlap no object so much are left
                out, but for ``best``. Defaults to 0.3.
        """
        objects = np.asarray(objects, np.float64).reshape(-1, 4)
        found = [overlapping_pairs(part, objects) for part in boxes]
        matches = [best_objects(p, len(b)) for p, b in zip(found, boxes)]
        index, iou = (np.stack(column, axis=1) for column in zip(*matches))
        leaving = np.zeros(index[:, 1:].shape)
        best = np.zeros((len(objects), len(boxes)), np.float32)
        for stage, (box, obj, value) in enumerate(found):
            np.maximum.at(best[:, stage], obj, value.astype(np.float32))
            if stage:
                own = index[box, stage - 1] == obj
                leaving[box[own], stage - 1] = value[own]
        kept = (iou[:, 0] >= min_iou) & (index[:, 0] >= 0)
        # Not merely another one: a box around two objects has both alike.
        moved = (iou[:, 1:] > leaving) & (index[:, :-1] >= 0)
        return cls(
            np.array(thresholds, np.float64),
            np.array([len(objects)]),
            count_neighbors(objects),
            best,
            index[kept, :-1],
            iou[kept, :-1].astype(np.float32),
            leaving[kept].astype(np.float32),
            moved[kept],
        )

    @classmethod
    def concatenate(cls, parts: Sequence[CascadeStudy]) -> CascadeStudy:
        """All images of the parts, which have the same stages."""
        starts = np.cumsum([0] + [len(part.neighbors) for part in parts])
        columns = {
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in vars(parts[0])
        }
        # -1, a box that overlaps nothing, stays -1.
        objects = [
            np.where(part.objects < 0, -1, part.objects + start)
            for part, start in zip(parts, starts)
        ]
        columns['objects'] = np.concatenate(objects)
        columns['thresholds'] = parts[0].thresholds
        return cls(**columns)

    @property
    def image_of_object(self) -> np.ndarray:
        """(M,), int64: position of each object's image."""
        images = np.arange(len(self.image_objects))
        return np.repeat(images, self.image_objects)

    def save(self, path: str | os.PathLike, key: str) -> None:
        """Write the columns to ``.npz``; ``key`` says what was measured."""
        with whole_file(path) as part, open(part, 'wb') as file:
            np.savez_compressed(file, key=np.array(key), **vars(self))

    @classmethod
    def load(cls, path: str | os.PathLike, key: str) -> CascadeStudy | None:
        """Read what :meth:`save` wrote, if it is whole and has this key."""
        try:
            columns = read_npz(path)
            return cls(**columns) if columns.pop('key') == key else None
        except (OSError, KeyError, TypeError, ValueError):
            return None
