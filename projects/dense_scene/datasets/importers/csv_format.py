"""Tables with a row per box, in both directions."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from .annotation_set import AnnotationSet
from .csv_table import ALIASES, CsvTable
from .files import read_lines, write_text


def has_header(source: Path) -> bool:
    """Whether the first row of a table names its columns.

    Raises:
        ValueError: If it is no text.
    """
    first = read_lines(source)[0]
    names = {name.strip().strip('"').lower() for name in first.split(',')}
    return not names.isdisjoint(ALIASES['x1'])


def read_csv(
    source: Path,
    images: Path | None = None,
    classes: Sequence[str] | None = None,
    progress: bool = False,
) -> AnnotationSet:
    """Read a table with a header, or one laid out like SKU-110K's.

    Columns may come in any order: image, x1, y1, x2, y2 and, optionally,
    class (one class, 'object', without), image_width, image_height and
    ignored (0 or 1), under these or some other usual names. Without a header
    the columns are those of SKU-110K. A row with empty corners is an image
    without boxes. The rows of an image need not lie together.

    Args:
        source (Path): The file, UTF-8, commas, quotes where needed.
        images, classes, progress: Of :func:`build_annotation_set`. The
            classes default to those that occur, by alphabet.

    Raises:
        ValueError: If a column is missing, or a row is not as above; the
            message names file and row.
    """
    table = CsvTable(source)
    try:
        with open(source, newline='', encoding='utf-8-sig') as file:
            table.read(csv.reader(file, skipinitialspace=True, strict=True))
    except (csv.Error, UnicodeDecodeError) as error:
        raise ValueError(
            f'{source}, behind row {table.rows}, must be CSV in UTF-8, but '
            f'cannot be parsed: {error}. Write it again.'
        ) from error
    return table.finish(images, classes, progress)


def write_csv(
    annotations: AnnotationSet, target: Path, digits: int = 3
) -> None:
    """Write a table with a header; images without boxes get a row as well.

    Args:
        annotations (AnnotationSet): What to write.
        target (Path): The file, replaced at once.
        digits (int): Decimals of the corners.
    """
    columns = annotations.columns
    names = [_quote(name) for name in annotations.names]
    classes = [_quote(name) for name in annotations.classes]

    def rows() -> Iterator[str]:
        yield ','.join(names[0] for names in ALIASES.values()) + '\n'
        boxes = annotations.rounded(digits)
        for index, (height, width) in enumerate(columns.sizes.tolist()):
            name, part = names[index], columns.rows(index)
            for (x1, y1, x2, y2), label, ignored in zip(
                boxes[part].tolist(),
                columns.labels[part].tolist(),
                columns.ignored[part].tolist(),
            ):
                yield (
                    f'{name},{x1:.15g},{y1:.15g},{x2:.15g},{y2:.15g},'
                    f'{classes[label]},{width},{height},{ignored:d}\n'
                )
            if not columns.counts[index]:
                yield f'{name},,,,,,{width},{height},\n'

    write_text(target, rows())


def write_sku(
    annotations: AnnotationSet, target: Path, digits: int = 3
) -> AnnotationSet:
    """Write the layout of SKU-110K, for :class:`SKU110KDataset`.

    Args:
        annotations (AnnotationSet): What to write; ignored boxes, and images
            without boxes, are left out.
        target (Path): The file, replaced at once.
        digits (int): Decimals of the corners.

    Returns:
        AnnotationSet: What was written.

    Raises:
        ValueError: If a name holds a comma, a quote or a new line, which
            this layout has no way to write.
    """
    annotations = annotations.without_ignored('the layout of SKU-110K')
    columns, names = annotations.columns, annotations.names
    for name in (*names, *annotations.classes):
        if _quote(name) != name:
            raise ValueError(
                'names must be without commas, quotes and new lines in the '
                f'layout of SKU-110K, but one is {name!r}. Rename it.'
            )

    def rows() -> Iterator[str]:
        boxes = annotations.rounded(digits)
        for index, (height, width) in enumerate(columns.sizes.tolist()):
            name, part = names[index], columns.rows(index)
            for (x1, y1, x2, y2), label in zip(
                boxes[part].tolist(), columns.labels[part].tolist()
            ):
                yield (
                    f'{name},{x1:.15g},{y1:.15g},{x2:.15g},{y2:.15g},'
                    f'{annotations.classes[label]},{width},{height}\n'
                )

    write_text(target, rows())
    empty = int((columns.counts == 0).sum())
    if not empty:
        return annotations
    note = (
        f'left out {empty} images without boxes, which the layout of '
        'SKU-110K cannot list'
    )
    return replace(annotations, notes=[*annotations.notes, note])


def _quote(name: str) -> str:
    """A field as CSV has it."""
    text = io.StringIO()
    # Only what its line ends hold is quoted: both kinds must be there.
    csv.writer(text, lineterminator='\r\n').writerow([name])
    return text.getvalue()[:-2]
