"""YOLO text files, in both directions."""

import math
from array import array
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from rich.progress import track

from .annotation_set import AnnotationSet, build_annotation_set
from .files import find_files, find_images, new_folder, read_lines

CLASS_FILE = 'classes.txt'
# What a writer's rounding may add.
_TOLERANCE = 1e-6


def read_yolo(
    source: Path,
    images: Path | None = None,
    classes: Sequence[str] | None = None,
    progress: bool = False,
) -> AnnotationSet:
    """Read one text file per image: ``class cx cy w h`` in each line.

    Centre and size are fractions of the image's. An image without a text
    file, or with an empty one, has no object.

    Args:
        source (Path): The folder of the text files.
        images (Path): The folder of the images, laid out alike.
        classes (Sequence[str], optional): Their names. Defaults to the lines
            of ``classes.txt`` in ``source``.
        progress (bool): Whether to show progress bars.

    Raises:
        ValueError: If there is no ``images`` or no names, a text file has no
            image, or a line is not as above.
    """
    if images is None:
        raise ValueError(
            'YOLO files hold fractions of the image size, so '
            'that the images are needed. Give their folder.'
        )
    classes = _read_classes(source) if classes is None else list(classes)
    names = find_images(images)
    labels = {
        path.with_suffix('').as_posix(): path
        for path in find_files(source, ('.txt',))
        if path.as_posix() != CLASS_FILE
    }
    if names and not labels:
        raise ValueError(
            f'{source} must hold a text file for each image with an object, '
            'but holds none. Give the folder of the text files.'
        )
    # Arrays, as the garbage collector would visit a list for every box.
    values, lines, image_of_box = array('d'), array('q'), array('q')
    unlabelled = []
    for index, name in enumerate(
        track(names, 'reading text files', disable=not progress)
    ):
        path = labels.pop(name.with_suffix('').as_posix(), None)
        if path is None:
            unlabelled.append(name.as_posix())
            continue
        for number, line in enumerate(read_lines(source / path), 1):
            if line and not line.isspace():
                values.extend(
                    _parse(line, source / path, number, len(classes))
                )
                lines.append(number)
                image_of_box.append(index)
    if labels:
        raise ValueError(
            f'every text file in {source} must have an image in {images}, '
            f'but {len(labels)} have none, {next(iter(labels.values()))} '
            'among them. Add the images, or delete the text files.'
        )

    def where(row: int) -> str:
        path = source / names[image_of_box[row]].with_suffix('.txt')
        return f'{path}, line {lines[row]}'

    rows = np.frombuffer(values, np.float64).reshape(-1, 5)
    found = _to_pixels(
        build_annotation_set(
            [name.as_posix() for name in names],
            np.zeros((len(names), 2)),
            np.frombuffer(image_of_box, np.int64),
            _to_corners(rows),
            rows[:, 0],
            np.zeros(len(rows)),
            classes,
            where,
            images,
            None,
            progress,
        )
    )
    if not unlabelled:
        return found
    # A folder with the images of another split as well looks just like it.
    note = (
        f'{len(unlabelled)} of {len(names)} images have no text file, '
        f'{unlabelled[0]} among them: they are background without any '
        'object. If they belong to another split, give a folder without '
        'them.'
    )
    return replace(found, notes=[*found.notes, note])


def write_yolo(
    annotations: AnnotationSet, target: Path, digits: int = 3
) -> AnnotationSet:
    """Write one text file per image, and ``classes.txt``.

    Args:
        annotations (AnnotationSet): What to write; ignored boxes are left
            out.
        target (Path): A new folder.
        digits (int): Corners are kept to this many decimals of a pixel; the
            fractions get as many more as the image size asks for.

    Returns:
        AnnotationSet: What was written.

    Raises:
        ValueError: If a box reaches out of its image: programs that read
            YOLO files leave out such an image.
    """
    annotations = annotations.without_ignored('YOLO')
    columns, stems = annotations.columns, annotations.relative_stems()
    for name in annotations.classes:
        if not name.strip() or len(name.splitlines()) > 1:
            raise ValueError(
                f'classes must be one line each in {CLASS_FILE}, '
                f'but one is {name!r}. Rename it.'
            )
    if any(stem.as_posix() + '.txt' == CLASS_FILE for stem in stems):
        raise ValueError(
            f'no image may be named like {CLASS_FILE}, but one is. Rename it.'
        )
    boxes = annotations.rounded(digits)
    _require_inside(annotations, boxes)
    scale = np.repeat(columns.sizes[:, ::-1], columns.counts, axis=0)
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2 / scale
    fractions = np.hstack((centres, (boxes[:, 2:] - boxes[:, :2]) / scale))
    # A fraction's error counts as many times as the image has pixels.
    places = digits + 1 + math.ceil(math.log10(columns.sizes.max(initial=1)))
    line = '%d' + f' %.{places}f' * 4 + '\n'
    with new_folder(target) as folder:
        (folder / CLASS_FILE).write_text(
            ''.join(f'{name}\n' for name in annotations.classes),
            encoding='utf-8',
        )
        for index, stem in enumerate(stems):
            rows = columns.rows(index)
            path = folder / f'{stem}.txt'
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(
                ''.join(
                    line % (label, *box)
                    for label, box in zip(
                        columns.labels[rows].tolist(), fractions[rows].tolist()
                    )
                )
            )
    return annotations


def _read_classes(source: Path) -> list[str]:
    path = source / CLASS_FILE
    if not path.is_file():
        raise ValueError(
            f'YOLO files number the classes, so that their names are needed, '
            f'but there is no {path}. Write it, one name per line, or give '
            'the classes.'
        )
    names = '\n'.join(map(str.strip, read_lines(path))).rstrip().split('\n')
    if '' in names and names != ['']:
        # Left out, it would shift the numbers of all that follow.
        raise ValueError(
            f'{path}, line {names.index("") + 1} must be the name of a class, '
            'but is blank. Write the name, or delete the line.'
        )
    return [name for name in names if name]


def _parse(line: str, path: Path, number: int, classes: int) -> list[float]:
    """Class, centre and size of a line."""
    try:
        values = [float(field) for field in line.split()]
    except ValueError:
        values = []
    if len(values) != 5:
        raise ValueError(
            f'{path}, line {number} must be five numbers, class cx cy w h, '
            f'but is {line[:80]!r}. Correct or delete it.'
        )
    if values[0] not in range(classes):
        raise ValueError(
            f'{path}, line {number}: the class must be 0 to {classes - 1}, '
            f'but is {values[0]:g}. Correct it, or give all classes.'
        )
    if not all(0 <= value <= 1 + _TOLERANCE for value in values[1:]):
        raise ValueError(
            f'{path}, line {number}: cx cy w h must be fractions of the '
            f'image size, 0 to 1, but are {line[:80]!r}. Divide them by it.'
        )
    return values


def _to_corners(rows: np.ndarray) -> np.ndarray:
    """xyxy, still as fractions."""
    centre, half = rows[:, 1:3], rows[:, 3:] / 2
    return np.hstack((centre - half, centre + half))


def _to_pixels(fractions: AnnotationSet) -> AnnotationSet:
    columns = fractions.columns
    scale = np.repeat(columns.sizes[:, [1, 0, 1, 0]], columns.counts, axis=0)
    return replace(
        fractions, columns=replace(columns, boxes=columns.boxes * scale)
    )


def _require_inside(annotations: AnnotationSet, boxes: np.ndarray) -> None:
    columns = annotations.columns
    limits = np.repeat(columns.sizes[:, ::-1], columns.counts, axis=0)
    outside = (boxes[:, :2] < 0).any(axis=1) | (boxes[:, 2:] > limits).any(
        axis=1
    )
    if outside.any():
        row = int(np.argmax(outside))
        image = int(np.searchsorted(columns.offsets, row, 'right')) - 1
        raise ValueError(
            'boxes must lie inside of their image to become YOLO files, but '
            f'{int(outside.sum())} do not, one of '
            f'{annotations.names[image]!r} among them. Clip them.'
        )
