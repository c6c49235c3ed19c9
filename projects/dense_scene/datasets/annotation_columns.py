"""Box annotations of a whole data set as a few arrays."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True, eq=False)
class AnnotationColumns:
    """Images and their boxes in columns; the boxes of an image lie together.

    A million boxes as dicts take 1 GB and are copied into every worker that
    touches them. As read-only arrays they take 21 bytes each, and forked
    workers share them.

    Args:
        file_names (np.ndarray): (M,) bytes, UTF-8, below the image folder.
        image_ids (np.ndarray): (M,) integer or str.
        sizes (np.ndarray): (M, 2) int32, height and width in pixels.
        offsets (np.ndarray): (M + 1,) int64; the boxes of image i are rows
            ``offsets[i]`` to ``offsets[i + 1]``.
        boxes (np.ndarray): (N, 4) float32, xyxy, pixels.
        labels (np.ndarray): (N,) int32, index into the classes.
        ignored (np.ndarray): (N,) bool, COCO's ``iscrowd``.
    """

    file_names: np.ndarray
    image_ids: np.ndarray
    sizes: np.ndarray
    offsets: np.ndarray
    boxes: np.ndarray
    labels: np.ndarray
    ignored: np.ndarray

    def __post_init__(self) -> None:
        for column in vars(self).values():
            column.flags.writeable = False

    def __deepcopy__(self, memo: dict) -> 'AnnotationColumns':
        # Nothing in it can change, so that a copy can share it.
        return self

    @classmethod
    def from_rows(
        cls,
        file_names: Sequence[bytes] | np.ndarray,
        image_ids: Sequence | np.ndarray,
        sizes: np.ndarray,
        image_of_box: np.ndarray,
        boxes: np.ndarray,
        labels: np.ndarray,
        ignored: np.ndarray,
    ) -> 'AnnotationColumns':
        """Make columns from boxes in any order; those of an image keep theirs.

        ``image_of_box`` is the (N,) position of each box's image.
        """
        rows = boxes, labels, ignored
        if np.any(image_of_box[1:] < image_of_box[:-1]):
            order = np.argsort(image_of_box, kind='stable')
            rows = (column[order] for column in rows)
        counts = np.bincount(image_of_box, minlength=len(file_names))
        names, ids = np.array(file_names, dtype=bytes), np.array(image_ids)
        return cls(names, ids, sizes, _offsets(counts), *rows)

    def __len__(self) -> int:
        """Number of images."""
        return len(self.file_names)

    @property
    def counts(self) -> np.ndarray:
        """Number of boxes of each image, (M,) int64."""
        return np.diff(self.offsets)

    def rows(self, image: int) -> slice:
        """The rows of an image's boxes; IndexError if there is no image."""
        image = range(len(self))[image]
        return slice(self.offsets[image], self.offsets[image + 1])

    def describe_box(self, row: int) -> str:
        """``"1, 1, 99, 5 in 'a.jpg' (60x40)"``."""
        image = int(np.searchsorted(self.offsets, row, side='right')) - 1
        box = ', '.join(f'{side:.6g}' for side in self.boxes[row].tolist())
        name = os.fsdecode(self.file_names[image])
        height, width = self.sizes[image].tolist()
        return f'{box} in {name!r} ({width}x{height})'

    def instances(self, image: int) -> list[dict]:
        """An image's boxes as mmdet's ``instances``."""
        rows = self.rows(image)
        columns = self.boxes[rows], self.labels[rows], self.ignored[rows]
        return [
            dict(ignore_flag=int(ignored), bbox=box, bbox_label=label)
            for box, label, ignored in zip(*(c.tolist() for c in columns))
        ]

    def take(self, images: np.ndarray) -> 'AnnotationColumns':
        """These images, in this order: positions or a (M,) bool mask."""
        images = np.arange(len(self))[images]
        counts = self.counts[images]
        offsets = _offsets(counts)
        # Row r of image i moves by the same distance as the image's start.
        rows = np.arange(offsets[-1]) + np.repeat(
            self.offsets[images] - offsets[:-1], counts
        )
        return AnnotationColumns(
            self.file_names[images],
            self.image_ids[images],
            self.sizes[images],
            offsets,
            self.boxes[rows],
            self.labels[rows],
            self.ignored[rows],
        )

    def keep_boxes(self, keep: np.ndarray) -> 'AnnotationColumns':
        """All images, with the boxes of a (N,) bool mask."""
        if keep.all():
            return self
        kept_before = np.concatenate(([0], np.cumsum(keep)))
        return replace(
            self,
            offsets=kept_before[self.offsets],
            boxes=self.boxes[keep],
            labels=self.labels[keep],
            ignored=self.ignored[keep],
        )

    def relabel(
        self, names: Sequence[str], classes: Sequence[str], source: str
    ) -> 'AnnotationColumns':
        """With labels that are an index into ``classes`` instead of ``names``.

        ValueError, which tells the ``source``, if a class that has a box is
        not among them.
        """
        if tuple(names) == tuple(classes):
            return self
        place = {name: label for label, name in enumerate(classes)}
        labels = np.array([place.get(name, -1) for name in names], np.int32)
        used = np.unique(self.labels)
        if lost := [names[label] for label in used if labels[label] < 0]:
            raise ValueError(
                f'the classes must have all of {source}, but lack {lost}; '
                f'they are {list(classes)}.'
            )
        return replace(self, labels=labels[self.labels])


def _offsets(counts: np.ndarray) -> np.ndarray:
    return np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
