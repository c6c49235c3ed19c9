"""The annotations of any format, on their way to another."""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

import numpy as np
from rich.progress import track

from ..annotation_columns import AnnotationColumns
from ..images.integrity import decoded_size

# How far the sides of a box without area may lie apart the wrong way round:
# what the arithmetic of reading a format leaves, in pixels.
_NOISE = 1e-6
# Of an image, in pixels.
MAX_SIDE = 2**31 - 1


@dataclass(frozen=True, eq=False)
class AnnotationSet:
    """Columns, the names of the labels, and what a reader wants to say.

    Args:
        columns (AnnotationColumns): Boxes are float64 here, so that decimal
            fractions survive.
        classes (tuple[str, ...]): Labels are indices into them.
        notes (list[str]): What could not be kept; for the user.
    """

    columns: AnnotationColumns
    classes: tuple[str, ...]
    notes: list[str] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """The images' file names."""
        return [os.fsdecode(name) for name in self.columns.file_names.tolist()]

    def summary(self) -> str:
        """How much it holds, and the notes, a line each."""
        columns = self.columns
        count = (
            f'{len(columns)} images, {len(columns.boxes)} boxes, '
            f'{len(self.classes)} classes'
        )
        return '\n'.join((count, *self.notes))

    def clipped(self) -> 'AnnotationSet':
        """Boxes cut at their image's edge; those outside of it left out."""
        columns = self.columns
        limits = np.repeat(
            columns.sizes[:, [1, 0, 1, 0]], columns.counts, axis=0
        )
        boxes = np.clip(columns.boxes, 0, limits)
        # What has no area from the start is not this function's business.
        inside = (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
        keep = inside | (boxes == columns.boxes).all(axis=1)
        changed = int(((boxes != columns.boxes).any(axis=1) & keep).sum())
        notes = [
            f'clipped {changed} boxes to their image, left out '
            f'{int((~keep).sum())} outside of it'
        ]
        return replace(
            self,
            columns=replace(columns, boxes=boxes).keep_boxes(keep),
            notes=self.notes + notes,
        )

    def without_ignored(self, format_name: str) -> 'AnnotationSet':
        """For formats that cannot mark a box as ignored."""
        ignored = int(self.columns.ignored.sum())
        if not ignored:
            return self
        note = (
            f'left out {ignored} ignored boxes, which {format_name} '
            'cannot mark'
        )
        return replace(
            self,
            columns=self.columns.keep_boxes(~self.columns.ignored),
            notes=[*self.notes, note],
        )

    def rounded(self, digits: int) -> np.ndarray:
        """The boxes with this many decimals, (N, 4) float64, xyxy."""
        # Adding 0 turns -0 into 0.
        return np.round(self.columns.boxes, digits) + 0.0

    def relative_stems(self) -> list[PurePosixPath]:
        """Each image's path without its suffix, to name a file after it.

        Raises:
            ValueError: If a name leads out of the folder, or two share a
                stem.
        """
        stems: dict[PurePosixPath, str] = {}
        for name in self.names:
            path = PurePosixPath(name)
            if path.is_absolute() or '..' in path.parts or not path.name:
                raise ValueError(
                    'file names of images must lie below the image folder, '
                    f'but got {name!r}. Correct the name.'
                )
            other = stems.setdefault(path.with_suffix(''), name)
            if other != name:
                raise ValueError(
                    'images must differ in more than their suffix, as each '
                    f'gets a file of its own, but got {other!r} and '
                    f'{name!r}. Rename one.'
                )
        return list(stems)


def build_annotation_set(
    names: Sequence[str],
    sizes: np.ndarray,
    image_of_box: np.ndarray,
    boxes: np.ndarray,
    labels: np.ndarray,
    ignored: np.ndarray,
    known: Sequence[str],
    where: Callable[[int], str],
    images: str | Path | None = None,
    classes: Sequence[str] | None = None,
    progress: bool = False,
) -> AnnotationSet:
    """Check what a reader found, and put it into columns.

    Args:
        names (Sequence[str]): M file names of images.
        sizes (np.ndarray): (M, 2), height and width; 0 where unknown.
        image_of_box (np.ndarray): (N,), position of each box's image.
        boxes (np.ndarray): (N, 4) float64, xyxy, pixels.
        labels (np.ndarray): (N,), index into ``known``.
        ignored (np.ndarray): (N,) bool.
        known (Sequence[str]): Names of the classes that were found.
        where (Callable[[int], str]): Says where a box stands.
        images (str | Path, optional): The image folder. The size of every
            image is then read, and must be the one given, if one is.
        classes (Sequence[str], optional): The classes in the wanted order.
            Defaults to None: those of ``known``.
        progress (bool): Whether reading sizes shows a progress bar.

    Raises:
        ValueError: If a box is inverted or not finite or of another class,
            two images have one name, or a size is unknown, wrong, or cannot
            be read.
    """
    boxes = np.array(boxes, np.float64).reshape(-1, 4)
    good = np.isfinite(boxes).all(axis=1) & (
        boxes[:, 2:] - boxes[:, :2] >= -_NOISE
    ).all(axis=1)
    if not good.all():
        row = int(np.argmin(good))
        corners = ', '.join(f'{value:.10g}' for value in boxes[row].tolist())
        raise ValueError(
            f'{where(row)}: a box must have finite corners with x1 <= x2 and '
            f'y1 <= y2, but has {corners}. Correct or delete it.'
        )
    boxes[:, 2:] = np.maximum(boxes[:, :2], boxes[:, 2:])
    labels = np.asarray(labels, np.int64)
    if classes is not None:
        labels = _reorder(labels, known, classes, where)
    classes = known if classes is None else classes
    _require_distinct('class', classes)
    _require_distinct('image', names)
    sizes = _resolve_sizes(names, sizes, images, progress)
    columns = AnnotationColumns.from_rows(
        _encode(names),
        range(1, len(names) + 1),
        sizes,
        np.asarray(image_of_box, np.int64),
        boxes,
        labels.astype(np.int32),
        np.asarray(ignored, bool),
    )
    return AnnotationSet(columns, tuple(classes))


def _encode(names: Sequence[str]) -> list[bytes]:
    try:
        return [os.fsencode(name) for name in names]
    except UnicodeEncodeError as error:
        raise ValueError(
            'every image must have a name that is text, but one '
            f'is {error.object!r}. Rename it.'
        ) from error


def _reorder(
    labels: np.ndarray,
    known: Sequence[str],
    classes: Sequence[str],
    where: Callable[[int], str],
) -> np.ndarray:
    position = {name: index for index, name in enumerate(classes)}
    new = np.array([position.get(name, -1) for name in known], np.int64)
    new = new[labels] if len(labels) else labels
    if (new < 0).any():
        row = int(np.argmax(new < 0))
        raise ValueError(
            f'{where(row)}: the class must be one of {list(classes)}, but is '
            f'{known[labels[row]]!r}. Add it to the classes, or correct it.'
        )
    return new


def _require_distinct(what: str, names: Sequence[str]) -> None:
    if len(set(names)) < len(names):
        twice = next(
            name for name, count in Counter(names).items() if count > 1
        )
        raise ValueError(
            f'every {what} must have a name of its own, but '
            f'{twice!r} occurs twice. Rename or delete one.'
        )


def _resolve_sizes(
    names: Sequence[str],
    sizes: np.ndarray,
    images: str | Path | None,
    progress: bool,
) -> np.ndarray:
    sizes = np.array(sizes).reshape(-1, 2)
    if (sizes > MAX_SIDE).any():
        name = names[int(np.argmax((sizes > MAX_SIDE).any(axis=1)))]
        raise ValueError(
            f'an image must have at most {MAX_SIDE} pixels a '
            f'side, but {name!r} has more in the annotations. '
            'Correct them.'
        )
    sizes = sizes.astype(np.int32)
    if images is None:
        unknown = (sizes <= 0).any(axis=1)
        if unknown.any():
            name = names[int(np.argmax(unknown))]
            raise ValueError(
                f'the size of every image must be known, but that of {name!r} '
                'is not in the annotations. Give the folder of the images.'
            )
        return sizes
    for index in track(
        range(len(names)), 'reading image sizes', disable=not progress
    ):
        size = decoded_size(os.path.join(images, names[index]))
        if isinstance(size, str):
            raise ValueError(
                f'every image must be readable in {images}, but '
                f'{names[index]!r} {size}. Copy it again, or take it out of '
                'the annotations.'
            )
        given = tuple(sizes[index, ::-1].tolist())
        if min(given) > 0 and given != size:
            raise ValueError(
                f'every image must have the size that the annotations say, '
                f'but {names[index]!r} is {size[0]}x{size[1]}, not '
                f'{given[0]}x{given[1]}. Correct the annotations.'
            )
        sizes[index] = size[::-1]
    return sizes
