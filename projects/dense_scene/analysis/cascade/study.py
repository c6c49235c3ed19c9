"""The boxes of a cascade, from proposals to the last stage, as columns."""

from __future__ import annotations

import dataclasses
import os
import zipfile
import zlib
from collections.abc import Sequence

import numpy as np

from ...utils.files import whole_file
from .box_paths import follow_boxes
from .neighbor_count import count_neighbours


@dataclasses.dataclass(frozen=True, eq=False)
class CascadeStudy:
    """Boxes and objects of many images; S stages.

    Args:
        thresholds (np.ndarray): (S,): from which IoU on each stage called a
            box positive in training.
        image_objects (np.ndarray): (I,), int64: objects in each image.
        neighbours (np.ndarray): (M,), int64: of every object, image by image,
            see :func:`count_neighbours`.
        best (np.ndarray): (M, S + 1): see :class:`BoxPaths`.
        objects (np.ndarray): (B, S), int64: positions in ``neighbours``.
        entering, leaving, moved (np.ndarray): (B, S): see
            :class:`BoxPaths`.
    """

    thresholds: np.ndarray
    image_objects: np.ndarray
    neighbours: np.ndarray
    best: np.ndarray
    objects: np.ndarray
    entering: np.ndarray
    leaving: np.ndarray
    moved: np.ndarray

    @classmethod
    def of_image(
        cls,
        boxes: Sequence[np.ndarray],
        objects: np.ndarray,
        thresholds: Sequence[float],
        min_iou: float = 0.3,
    ) -> CascadeStudy:
        """The study of one image.

        Args:
            boxes, objects, min_iou: Of :func:`follow_boxes`.
            thresholds (Sequence[float]): (S,).
        """
        objects = np.asarray(objects, np.float64).reshape(-1, 4)
        paths = follow_boxes(boxes, objects, min_iou)
        return cls(
            np.array(thresholds, np.float64),
            np.array([len(objects)]),
            count_neighbours(objects),
            paths.best,
            paths.objects,
            paths.entering,
            paths.leaving,
            paths.moved,
        )

    @classmethod
    def concatenate(cls, parts: Sequence[CascadeStudy]) -> CascadeStudy:
        """All images of the parts, which have the same stages."""
        starts = np.cumsum([0] + [len(part.neighbours) for part in parts])
        columns = {
            field.name: np.concatenate(
                [getattr(part, field.name) for part in parts]
            )
            for field in dataclasses.fields(cls)
            if field.name not in ('thresholds', 'objects')
        }
        # -1, a box that overlaps nothing, stays -1.
        objects = [
            np.where(part.objects < 0, -1, part.objects + start)
            for part, start in zip(parts, starts)
        ]
        return cls(
            thresholds=parts[0].thresholds,
            objects=np.concatenate(objects),
            **columns,
        )

    @property
    def num_stages(self) -> int:
        """S."""
        return len(self.thresholds)

    @property
    def image_of_object(self) -> np.ndarray:
        """(M,), int64: position of each object's image."""
        images = np.arange(len(self.image_objects))
        return np.repeat(images, self.image_objects)

    def save(self, path: str | os.PathLike, key: str) -> None:
        """Write the columns to ``.npz``.

        Args:
            path (str | PathLike): The file; it is replaced at once.
            key (str): What was measured; :meth:`load` compares it.
        """
        with whole_file(path) as part, open(part, 'wb') as file:
            columns = {
                field.name: getattr(self, field.name)
                for field in dataclasses.fields(self)
            }
            np.savez_compressed(file, key=np.array(key), **columns)

    @classmethod
    def load(cls, path: str | os.PathLike, key: str) -> CascadeStudy | None:
        """Read what :meth:`save` wrote.

        Returns:
            CascadeStudy | None: None if there is no such file, or it is of
            another study, or damaged: then it has to be measured again.
        """
        try:
            with np.load(path, allow_pickle=False) as content:
                if content['key'].item() != key:
                    return None
                return cls(
                    **{
                        field.name: content[field.name]
                        for field in dataclasses.fields(cls)
                    }
                )
        except (
            OSError,
            EOFError,
            KeyError,
            ValueError,
            zipfile.BadZipFile,
            zlib.error,
        ):
            return None
