"""What a reader finds in a file, before it is checked."""

import os
from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from rich.progress import track

from ...utils import checks
from ..annotation_columns import AnnotationColumns
from ..images.integrity import decoded_size
from .annotation_set import AnnotationSet

# How far the sides of a box without area may lie apart the wrong way round:
# what the arithmetic of reading a format leaves, in pixels.
_NOISE = 1e-6
MAX_SIDE = 2**31 - 1  # of an image, in pixels


@dataclass(eq=False)
class FoundBoxes:
    """M images and N boxes: whole columns, or added one by one.

    Arrays take what is added, as the garbage collector would visit a list
    for every box.
    """

    where: Callable[[int], str] = str  # says where a box stands
    names: Sequence[str] = field(default_factory=list)  # of image files
    sizes: Sequence = field(default_factory=list)  # height, width; 0: unknown
    image_of_box: Sequence[int] = field(default_factory=lambda: array('q'))
    boxes: Sequence[float] = field(default_factory=lambda: array('d'))  # xyxy
    labels: Sequence[int] = field(default_factory=lambda: array('q'))
    ignored: Sequence[bool] = field(default_factory=lambda: array('b'))
    classes: Sequence[str] = ()  # labels are indices into them
    relative: bool = False  # boxes are fractions of the sides, not pixels
    notes: list[str] = field(default_factory=list)  # for the user

    def add_image(self, name: str, height: int = 0, width: int = 0) -> None:
        """Its boxes follow."""
        self.names.append(name)
        self.sizes.append((height, width))

    def add_box(
        self, corners: Sequence[float], label: int, ignored: bool = False
    ) -> None:
        """A box of the last image."""
        self.image_of_box.append(len(self.names) - 1)
        self.boxes.extend(corners)
        self.labels.append(label)
        self.ignored.append(ignored)

    def checked(
        self,
        images: Path | None = None,
        classes: Sequence[str] | None = None,
        progress: bool = False,
    ) -> AnnotationSet:
        """All in columns; the arguments are those of read_annotations()."""
        boxes = self._checked_boxes()
        labels = np.asarray(self.labels, np.int64)
        if classes is not None:
            labels = self._reordered(labels, classes)
        classes = self.classes if classes is None else classes
        _require_distinct('class', classes)
        _require_distinct('image', self.names)
        sizes = self._known_sizes(images, progress)
        image_of_box = np.asarray(self.image_of_box, np.int64)
        if self.relative:
            boxes = boxes * np.tile(sizes[:, ::-1], 2)[image_of_box]
        columns = AnnotationColumns.from_rows(
            list(map(os.fsencode, self.names)),
            range(1, len(self.names) + 1),
            sizes,
            image_of_box,
            boxes,
            labels.astype(np.int32),
            np.asarray(self.ignored).astype(bool),
        )
        return AnnotationSet(columns, tuple(classes), self.notes)

    def _checked_boxes(self) -> np.ndarray:
        boxes = np.array(self.boxes, np.float64).reshape(-1, 4)
        sides = boxes[:, 2:] - boxes[:, :2]
        good = np.isfinite(boxes).all(axis=1) & (sides >= -_NOISE).all(axis=1)
        if not good.all():
            row = int(np.argmin(good))
            given = ', '.join(f'{side:.10g}' for side in boxes[row].tolist())
            wanted = 'must have finite corners with x1 <= x2 and y1 <= y2'
            place = self.where(row)
            raise ValueError(f'{place}: a box {wanted}, but has {given}.')
        boxes[:, 2:] = np.maximum(boxes[:, :2], boxes[:, 2:])
        return boxes

    def _reordered(
        self, labels: np.ndarray, classes: Sequence[str]
    ) -> np.ndarray:
        position = {name: index for index, name in enumerate(classes)}
        new = [position.get(name, -1) for name in self.classes]
        moved = np.array([*new, -1], np.int64)[labels]
        if (moved < 0).any():
            row = int(np.argmin(moved))
            name = self.classes[labels[row]]
            checks.choice(f'{self.where(row)}: the class', name, classes)
        return moved

    def _known_sizes(self, images: Path | None, progress: bool) -> np.ndarray:
        sizes = np.array(self.sizes, np.int64).reshape(-1, 2)
        if images is not None:
            for index, name in enumerate(
                track(self.names, 'reading image sizes', disable=not progress)
            ):
                sizes[index] = _decoded(images, name, *sizes[index].tolist())
        for name, (height, width) in zip(self.names, sizes.tolist()):
            if not 0 < min(height, width) <= max(height, width) <= MAX_SIDE:
                raise ValueError(
                    f'the size of every image must be known, but that of '
                    f'{name!r} is {width}x{height} in the annotations. Give '
                    'the folder of the images.'
                )
        return sizes.astype(np.int32)


def _decoded(
    images: Path, name: str, height: int, width: int
) -> tuple[int, int]:
    """Height and width of a file, which must be those given, if any are."""
    found = decoded_size(os.path.join(images, name))
    if isinstance(found, str):
        fault = found
    elif min(height, width) > 0 and found != (width, height):
        fault = f'is {found[0]}x{found[1]}, not {width}x{height}'
    else:
        return found[::-1]
    raise ValueError(
        f'every image must be whole in {images} and of the size that the '
        f'annotations say, but {name!r} {fault}.'
    )


def _require_distinct(what: str, names: Sequence[str]) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        wanted = f'every {what} must have a name of its own'
        raise ValueError(f'{wanted}, but {twice[0]!r} occurs twice.')
