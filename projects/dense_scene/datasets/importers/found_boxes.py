"""What a reader finds in a file, before it is checked."""

import os
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ...utils import checks
from ...utils.boxes import MAX_COORDINATE
from ...utils.file_names import (
    ImageFolder,
    describe_missing,
    is_image_name,
    name_fault,
)
from ..annotation_columns import AnnotationColumns
from ..checks.contradictions import describe_contradictions
from ..checks.pictures import compare_with_pictures
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
    offset: float = 0  # what was taken off x1 and y1, for messages
    # Says where an image stands, and what else it may be called.
    where_image: Callable[[int], str] = 'image {}'.format
    also: Sequence[str] = ()
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
        if blank := [c for c, name in enumerate(classes) if not name.strip()]:
            rows = np.flatnonzero(labels == blank[0])
            place = f' ({self.where(rows[0])})' if len(rows) else ''
            raise ValueError(
                'every class must have a name, but that of class '
                f'{blank[0]} is blank{place}.'
            )
        _require_distinct('class', classes, 'class {}'.format)
        names = self._checked_names(images)
        sizes = self._known_sizes(names, images, progress)
        image_of_box = np.asarray(self.image_of_box, np.int64)
        if self.relative:
            boxes = boxes * np.tile(sizes[:, ::-1], 2)[image_of_box]
        columns = AnnotationColumns.from_rows(
            list(map(os.fsencode, names)),
            range(1, len(names) + 1),
            sizes,
            image_of_box,
            boxes,
            labels.astype(np.int32),
            np.asarray(self.ignored).astype(bool),
        )
        row_of = np.argsort(image_of_box, kind='stable')
        self.notes += describe_contradictions(
            columns, lambda row: self.where(row_of[row])
        )
        return AnnotationSet(columns, tuple(classes), self.notes)

    def _checked_boxes(self) -> np.ndarray:
        boxes = np.array(self.boxes, np.float64).reshape(-1, 4)
        sides = boxes[:, 2:] - boxes[:, :2]
        good = (np.abs(boxes) <= MAX_COORDINATE).all(axis=1)
        good &= (sides >= -_NOISE).all(axis=1)
        if not good.all():
            row = int(np.argmin(good))
            box = boxes[row] + [self.offset, self.offset, 0, 0]
            given = ', '.join(f'{side:.10g}' for side in box.tolist())
            wanted = 'must have finite corners with x1 <= x2 and y1 <= y2'
            wanted += f' within {MAX_COORDINATE} pixels'
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

    def _checked_names(self, images: Path | None) -> list[str]:
        """The names of the images, of those that are there where they are."""
        names = list(self.names)
        if images is not None and not self.relative:
            self._find_names(names, ImageFolder(images))
        elif self.also:
            for index, name in enumerate(names):
                if not name:
                    raise ValueError(
                        f'{self.where_image(index)} must name its image. Give '
                        'the folder of the images to find it.'
                    )
        odd = [n for n in names if '\\' in n or not is_image_name(n)]
        if odd and images is None:
            self.notes.append(
                f'{len(odd)} of {len(names)} names of images hold Windows '
                f'separators or no suffix of an image, {odd[0]!r} first: give '
                'the folder of the images to find the files that are meant.'
            )
        for index, name in enumerate(names):
            if fault := name_fault(name):
                raise ValueError(
                    f'{self.where_image(index)} must name a file below the '
                    f'image folder, but {name[:80]!r} {fault}. Give the '
                    'folder of the images to find the files that are meant.'
                )
        _require_distinct('image', names, self.where_image)
        return names

    def _find_names(self, names: list[str], folder: ImageFolder) -> None:
        """Put the name of the file that is meant in the place of another."""
        missing, changed = [], []
        for index, name in enumerate(names):
            if name and folder.holds(name):
                continue
            meant = folder.look_alike(name) if name else None
            if meant is None and self.also:
                meant = folder.look_alike(self.also[index])
                meant = meant and (meant[0], 'all but the name of the XML')
            if meant is None:
                missing.append((name or self.also[index], index))
            else:
                changed.append((name, *meant))
                names[index] = meant[0]
        if missing:
            lost = [name for name, _ in missing]
            line = describe_missing(folder, lost, len(names))
            place = self.where_image(missing[0][1])
            raise FileNotFoundError(f'{line} ({place}).')
        if changed:
            name, file, why = changed[0]
            self.notes.append(
                f'{len(changed)} of {len(names)} names are not those of '
                f'files, which are taken instead: for {name!r}, {file!r}'
                + f', which differs in {why}.'
                * bool(why)
            )

    def _known_sizes(
        self, names: list[str], images: Path | None, progress: bool
    ) -> np.ndarray:
        sizes = np.array(self.sizes, np.int64).reshape(-1, 2)
        if images is not None:
            report = compare_with_pictures(images, names, sizes, progress)
            wanted = f'every image must be whole in {images}'
            if report.faults:
                name, fault = next(iter(report.faults.items()))
                few = f'{len(report.faults)} of {len(names)} are not'
                raise ValueError(f'{wanted}, but {few}: {name!r} {fault}.')
            if wrong := report.wrong_sizes():
                raise ValueError(f'{wanted} and of its size, but {wrong}.')
            self.notes += report.warnings()
            found = [report.sizes[name][::-1] for name in names]
            return np.array(found, np.int32).reshape(-1, 2)
        known = (sizes > 0).all(axis=1) & (sizes <= MAX_SIDE).all(axis=1)
        if not known.all():
            index = int(np.argmin(known))
            height, width = sizes[index].tolist()
            raise ValueError(
                'the size of every image must be known, but '
                f'{int((~known).sum())} of {len(names)} are not: that of '
                f'{names[index]!r} is {width}x{height} in the annotations. '
                'Give the folder of the images.'
            )
        return sizes.astype(np.int32)


def _require_distinct(
    what: str, names: Sequence[str], where: Callable[[Any], str]
) -> None:
    """ValueError for a name that two have, with the places of both."""
    first: dict[str, int] = {}
    for index, name in enumerate(names):
        if (other := first.setdefault(name, index)) != index:
            wanted = f'every {what} must have a name of its own'
            both = f'{where(other)} and {where(index)}'
            raise ValueError(f'{wanted}, but {name!r} occurs twice: {both}.')
