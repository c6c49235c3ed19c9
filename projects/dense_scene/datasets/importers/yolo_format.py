"""YOLO: a folder with one text file per image."""

from array import array
from collections.abc import Sequence
from pathlib import Path

from rich.progress import track

from ...utils.files import find_files, require_file
from ...utils.texts import read_text
from .found_boxes import FoundBoxes

CLASS_FILE = 'classes.txt'
_IMAGE_SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.webp', '.tif', '.tiff')
_MOST = 1 + 1e-6  # what a writer's rounding may make of 1


def read_yolo(
    source: Path,
    images: Path | None,
    classes: Sequence[str] | None = None,
    progress: bool = False,
) -> FoundBoxes:
    """Read one text file per image: ``class cx cy w h`` in each line.

    Center and size are fractions of the image's. An image without a text
    file, or with an empty one, has no object; the folder of the images is
    laid out like that of the text files. Names of classes default to the
    lines of ``classes.txt``.

    hotcoco's ``from_yolo`` (1.3.0) keeps the decimals too, but in silence
    takes pixels for fractions, skips sub-folders and images without a text
    file, and drops the suffix of every image; it stops at a byte order mark
    and wants ``data.yaml`` among the labels.
    """
    if images is None:
        raise ValueError('images must be the folder of the images for YOLO.')
    names = find_files(images, _IMAGE_SUFFIXES)
    labels = _files_of(names, source, images)
    classes = _read_classes(source) if classes is None else list(classes)
    found, bare = FoundBoxes(classes=classes, relative=True), []
    lines = array('q')
    for name in track(names, 'reading text files', disable=not progress):
        found.add_image(name.as_posix())
        if name not in labels:
            bare.append(name.as_posix())
            continue
        # Not splitlines(), which also splits at characters of a name.
        for number, line in enumerate(read_text(labels[name]).split('\n'), 1):
            if line and not line.isspace():
                place = f'{labels[name]}, line {number}'
                label, x, y, w, h = _parse(line, place, len(classes))
                corners = x - w / 2, y - h / 2, x + w / 2, y + h / 2
                found.add_box(corners, int(label))
                lines.append(number)
    found.where = lambda row: (
        f'{labels[names[found.image_of_box[row]]]}, line {lines[row]}'
    )
    if bare:
        # A folder with the images of another split as well looks like it.
        found.notes.append(
            f'{len(bare)} of {len(names)} images have no text file, {bare[0]} '
            'among them: they are background. If they belong to another '
            'split, give a folder without them.'
        )
    return found


def _files_of(
    names: list[Path], source: Path, images: Path
) -> dict[Path, Path]:
    """The text file of each image that has one."""
    files = {
        path.with_suffix(''): source / path
        for path in find_files(source, ('.txt',))
        if path.as_posix() != CLASS_FILE
    }
    if names and not files:
        raise ValueError(f'{source} must hold text files, but holds none.')
    # Of two images that differ in their suffix the first has it.
    found = {
        name: files.pop(name.with_suffix(''))
        for name in names
        if name.with_suffix('') in files
    }
    if files:
        some = (
            f'{len(files)} have none, {next(iter(files.values()))} among them'
        )
        raise ValueError(
            f'text files must have images in {images}, but {some}.'
        )
    return found


def _read_classes(source: Path) -> list[str]:
    path = source / CLASS_FILE
    require_file(path, 'classes', 'Write it, a name per line, or give them.')
    names = [name.strip() for name in read_text(path).rstrip().split('\n')]
    if '' in names:
        # Left out, it would shift the numbers of all that follow.
        place = f'{path}, line {names.index("") + 1}'
        raise ValueError(f'{place} must be the name of a class, but is blank.')
    return names


def _parse(line: str, place: str, classes: int) -> list[float]:
    """Class, center and size of a line."""
    try:
        values = [float(field) for field in line.split()]
    except ValueError:
        values = []
    fractions = [value for value in values[1:] if 0 <= value <= _MOST]
    if len(values) != 5 or len(fractions) != 4:
        raise ValueError(
            f'{place} must be five numbers, class cx cy w h, the last four '
            f'fractions of the image size, but is {line[:80]!r}.'
        )
    if values[0] not in range(classes):
        wanted = f'{place}: the class must be 0 to {classes - 1}'
        raise ValueError(f'{wanted}, but is {values[0]:g}.')
    return values
