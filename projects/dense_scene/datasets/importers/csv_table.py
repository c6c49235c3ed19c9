"""The rows of a table of boxes, gathered into columns."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from ..sku110k.reader import COLUMNS as SKU_COLUMNS
from .annotation_set import MAX_SIDE, AnnotationSet, build_annotation_set

# What a column may be called; the first name is the one that is written.
ALIASES = dict(
    image=('image', 'image_name', 'image_path', 'filename', 'file_name'),
    x1=('x1', 'xmin', 'x_min', 'left'),
    y1=('y1', 'ymin', 'y_min', 'top'),
    x2=('x2', 'xmax', 'x_max', 'right'),
    y2=('y2', 'ymax', 'y_max', 'bottom'),
    label=('class', 'label', 'category', 'class_name'),
    width=('image_width', 'width'),
    height=('image_height', 'height'),
    ignored=('ignored', 'ignore', 'iscrowd', 'difficult'),
)
_CORNERS = ('x1', 'y1', 'x2', 'y2')
_REQUIRED = ('image', *_CORNERS)
_ONLY_CLASS = 'object'
# More rows at a time would take several times as long: their strings would
# leave the processor's cache, and the garbage collector would visit them.
_CHUNK_ROWS = 2000


class CsvTable:
    """Reads rows in chunks, so that their text never is in memory whole.

    Args:
        source (Path): The file, for messages.
    """

    def __init__(self, source: Path) -> None:
        self.source = source
        self.rows = 0
        self._images: dict[str, int] = {}
        self._classes: dict[str, int] = {}
        self._parts: list[tuple[np.ndarray, ...]] = []

    def read(self, rows: Iterator[list[str]]) -> None:
        """Read everything; the first row decides on the layout."""
        first = next(rows, None)
        if first is None:
            raise ValueError(
                f'{self.source} must hold a row per box, but is '
                'empty. Write it again.'
            )
        fields, has_header = self._layout(first)
        chunk = [] if has_header else [first]
        self.rows = int(has_header)
        while chunk := chunk + list(islice(rows, _CHUNK_ROWS)):
            self._add(chunk, fields, len(first))
            self.rows, chunk = self.rows + len(chunk), []

    def finish(
        self,
        images: Path | None,
        classes: Sequence[str] | None,
        progress: bool,
    ) -> AnnotationSet:
        """Check and join what was read."""
        empty = (
            np.zeros(0, np.int64),
            np.zeros((0, 4)),
            np.zeros(0, np.int64),
            np.zeros((0, 2), np.int32),
            np.zeros(0, bool),
            np.zeros(0, np.int64),
        )
        image, boxes, labels, sizes, ignored, row = map(
            np.concatenate, zip(empty, *self._parts)
        )
        sizes = self._image_sizes(image, sizes, row)
        is_box = ~np.isnan(boxes[:, 0])
        row = row[is_box]
        known = sorted(self._classes)
        # By alphabet, whichever class happens to come first.
        order = np.array(
            [known.index(name) for name in self._classes], np.int64
        )
        return build_annotation_set(
            list(self._images),
            sizes,
            image[is_box],
            boxes[is_box],
            order[labels[is_box]],
            ignored[is_box],
            known,
            lambda box: f'{self.source}, row {row[box]}',
            images,
            classes,
            progress,
        )

    def _layout(self, first: list[str]) -> tuple[dict[str, int], bool]:
        """Where each field stands, and whether the row is a header."""
        names = [name.strip().lower() for name in first]
        fields = {
            field: names.index(name)
            for field, aliases in ALIASES.items()
            for name in reversed(aliases)
            if name in names
        }
        if all(field in fields for field in _REQUIRED):
            return fields, True
        if len(first) == len(SKU_COLUMNS) and not set(_CORNERS) & set(fields):
            order = ('image', *_CORNERS, 'label', 'width', 'height')
            return dict(zip(order, range(len(order)))), False
        missing = [field for field in _REQUIRED if field not in fields]
        raise ValueError(
            f'{self.source} must begin with a header that names image, x1, '
            f'y1, x2 and y2, or have the {len(SKU_COLUMNS)} columns of '
            f'SKU-110K without one, but {", ".join(missing)} is missing from '
            f'{str(first)[:120]}. Add a header.'
        )

    def _add(
        self, chunk: list[list[str]], fields: dict[str, int], width: int
    ) -> None:
        lengths = list(map(len, chunk))
        keep = [index for index, length in enumerate(lengths) if length]
        for index in keep:
            if lengths[index] != width:
                self._refuse(
                    index,
                    f'must have {width} columns, as the '
                    f'first one, but has {lengths[index]}',
                )
        columns = list(zip(*(chunk[index] for index in keep)))
        if not columns:
            return
        rows = np.array(keep, np.int64) + self.rows + 1
        column = {field: columns[place] for field, place in fields.items()}
        if '' in column['image']:
            self._refuse(keep[column['image'].index('')], 'must name an image')
        boxes = np.stack(
            [
                self._numbers(column[corner], corner, rows)
                for corner in _CORNERS
            ],
            axis=1,
        )
        blank = np.isnan(boxes)
        if (half := blank.any(axis=1) & ~blank.all(axis=1)).any():
            self._refuse(
                keep[int(np.argmax(half))],
                'must have four corners, or none for an image without boxes',
            )
        none = ('',) * len(keep)
        sizes = [
            self._whole(column.get(side, none), side, rows, MAX_SIDE)
            for side in ('height', 'width')
        ]
        ignored = self._whole(column.get('ignored', none), 'ignored', rows, 1)
        self._parts.append(
            (
                self._index(column['image'], self._images),
                boxes,
                self._labels(column.get('label'), blank[:, 0], rows),
                np.stack(sizes, axis=1),
                ignored.astype(bool),
                rows,
            )
        )

    def _whole(
        self, texts: Sequence[str], field: str, rows: np.ndarray, most: int
    ) -> np.ndarray:
        """Whole numbers, 0 where the field is empty."""
        values = np.nan_to_num(self._numbers(texts, field, rows))
        wrong = (values < 0) | (values > most) | (values != np.trunc(values))
        if wrong.any():
            index = int(np.argmax(wrong))
            self._refuse(
                int(rows[index]) - self.rows - 1,
                f'must have a whole number from 0 to {most} as '
                f'{field}, but has {texts[index][:40]!r}',
            )
        return values.astype(np.int32)

    def _numbers(
        self, texts: Sequence[str], field: str, rows: np.ndarray
    ) -> np.ndarray:
        """The values, NaN where the field is empty."""
        try:
            values = np.array(list(map(float, texts)))
            if np.isfinite(values).all():
                return values
        except ValueError:
            pass  # empty, or wrong: one by one
        return np.array(
            [
                self._number(text, field, row)
                for text, row in zip(texts, rows.tolist())
            ]
        )

    def _number(self, text: str, field: str, row: int) -> float:
        text = text.strip()
        if not text:
            return np.nan
        try:
            value = float(text)
        except ValueError:
            value = np.nan
        if not np.isfinite(value):
            self._refuse(
                row - self.rows - 1,
                f'must have a number as {field}, but has {text[:40]!r}',
            )
        return value

    def _labels(
        self, texts: Sequence[str] | None, blank: np.ndarray, rows: np.ndarray
    ) -> np.ndarray:
        if texts is None:
            self._classes.setdefault(_ONLY_CLASS, 0)
            return np.zeros(len(rows), np.int64)
        if '' in texts or blank.any():
            for text, is_blank, row in zip(texts, blank, rows.tolist()):
                if not text and not is_blank:
                    self._refuse(row - self.rows - 1, 'must have a class')
            # The class of a row without a box is nobody's.
            labels = np.zeros(len(rows), np.int64)
            kept = np.flatnonzero(~blank)
            labels[kept] = self._index(
                [texts[index].strip() for index in kept], self._classes
            )
            return labels
        return self._index([text.strip() for text in texts], self._classes)

    @staticmethod
    def _index(texts: Sequence[str], known: dict[str, int]) -> np.ndarray:
        return np.array(
            [known.setdefault(text, len(known)) for text in texts], np.int64
        )

    def _image_sizes(
        self, image: np.ndarray, sizes: np.ndarray, row: np.ndarray
    ) -> np.ndarray:
        """Of each image, as its first row says; the others must agree."""
        _, first = np.unique(image, return_index=True)
        of_image = sizes[first]
        differs = (sizes != of_image[image]).any(axis=1)
        if differs.any():
            bad = int(np.argmax(differs))
            name = list(self._images)[image[bad]]
            raise ValueError(
                f'{self.source}, row {row[bad]}: the image size must be that '
                f'of row {row[first[image[bad]]]}, but {name!r} has another. '
                'Correct the wrong one.'
            )
        return of_image

    def _refuse(self, index: int, words: str) -> None:
        raise ValueError(
            f'{self.source}, row {self.rows + index + 1} '
            f'{words}. Correct or delete it.'
        )
