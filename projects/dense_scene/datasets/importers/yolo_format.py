"""YOLO: a folder with one text file per image."""

from array import array
from collections.abc import Iterable, Sequence
from pathlib import Path

from ...utils.file_names import IMAGE_SUFFIXES, is_image_name
from ...utils.files import find_files
from ...utils.progress import track_on_stderr
from ...utils.texts import read_text
from .found_boxes import FoundBoxes
from .yolo_classes import CLASS_FILE, read_yolo_classes

# A fraction may leave 0 to 1 by a little; what is above this is pixels.
_MOST = 2.0


def read_yolo(
    source: Path,
    images: Path | None,
    classes: Sequence[str] | None = None,
    progress: bool = False,
) -> FoundBoxes:
    """Read one text file per image: ``class cx cy w h`` in each line.

    Center and size are fractions of the image's. An image without a text
    file, or with an empty one, has no object; the folder of the images is
    laid out like that of the text files. A sixth column, the confidence of a
    detector, is left out with a note. Names of classes default to those of
    :func:`read_yolo_classes`.

    hotcoco's ``from_yolo`` (1.3.0) keeps the decimals too, but in silence
    takes pixels for fractions, skips sub-folders and images without a text
    file, and drops the suffix of every image; it stops at a byte order mark
    and wants ``data.yaml`` among the labels.
    """
    if images is None:
        raise ValueError('images must be the folder of the images for YOLO.')
    names = find_files(images, IMAGE_SUFFIXES)
    texts = _read_texts(source)
    labels = _files_of(names, texts, source, images)
    classes = read_yolo_classes(source) if classes is None else list(classes)
    found, bare = FoundBoxes(classes=classes, relative=True), []
    lines, scored = array('q'), 0
    for name in track_on_stderr(
        names, 'reading text files', len(names), progress
    ):
        found.add_image(name.as_posix())
        if name not in labels:
            bare.append(name.as_posix())
            continue
        path = labels[name]
        # Not splitlines(), which also splits at characters of a name.
        for number, line in enumerate(texts[path].split('\n'), 1):
            if line and not line.isspace():
                place = f'{source / path}, line {number}'
                label, x, y, w, h, *rest = _parse(line, place, len(classes))
                corners = x - w / 2, y - h / 2, x + w / 2, y + h / 2
                found.add_box(corners, int(label))
                lines.append(number)
                scored += bool(rest)
    found.where = lambda row: (
        f'{source / labels[names[found.image_of_box[row]]]}, line {lines[row]}'
    )
    if scored:
        found.notes.append(
            f'{scored} of {len(lines)} labels have a sixth column, which was '
            'left out: a confidence, as a detector writes it. Are these its '
            'detections, and not annotations?'
        )
    if bare:
        # A folder with the images of another split as well looks like it.
        found.notes.append(
            f'{len(bare)} of {len(names)} images have no text file, {bare[0]} '
            'among them: they are background. If they belong to another '
            'split, give a folder without them.'
        )
    return found


def _read_texts(source: Path) -> dict[Path, str]:
    """The text files, without names of classes and lists of images."""
    paths = find_files(source, ('.txt',))
    texts = {path: read_text(source / path) for path in paths}
    return {
        path: text
        for path, text in texts.items()
        if path.as_posix() != CLASS_FILE and not _lists_images(text)
    }


def _lists_images(text: str) -> bool:
    """Whether it is like CVAT's train.txt: a path of an image per line."""
    first = text[:4096].split('\n')[0].strip()
    return len(first.split()) > 0 and is_image_name(first)


def _files_of(
    names: list[Path], texts: Iterable[Path], source: Path, images: Path
) -> dict[Path, Path]:
    """The text file of each image that has one."""
    files = {path.with_suffix(''): path for path in texts}
    if names and not files:
        raise ValueError(f'{source} must hold text files, but holds none.')
    found: dict[Path, Path] = {}
    owner: dict[Path, Path] = {}
    for name in names:
        stem = name.with_suffix('')
        if stem not in files:
            continue
        if (other := owner.setdefault(stem, name)) != name:
            raise ValueError(
                f'{source / files[stem]} must be of one image, but {images} '
                f'has {other} and {name}. Take one of them away.'
            )
        found[name] = files[stem]
    if unused := [files[stem] for stem in files if stem not in owner]:
        some = f'{len(unused)} have none, {source / unused[0]} among them'
        raise ValueError(
            f'text files must have images in {images}, but {some}.'
        )
    return found


def _parse(line: str, place: str, classes: int) -> list[float]:
    """Class, center and size of a line, and perhaps a confidence."""
    fields = line.split()
    try:
        values = [float(field) for field in fields]
    except ValueError:
        values = []
    fault = 'is'
    if len(values) > 6:
        fault = 'is a polygon, a turned box or key points:'
    elif any(value > _MOST for value in values[1:5]):
        fault = 'is in pixels, it seems:'
    sides = values[3:5]
    if (
        len(values) not in (5, 6)
        or not all(abs(value) <= _MOST for value in values[1:5])
        or any(side < 0 for side in sides)
    ):
        raise ValueError(
            f'{place} must be five numbers, class cx cy w h, the last four '
            f'fractions of the image size, but {fault} {line[:80]!r}.'
        )
    if values[0] not in range(classes):
        wanted = f'{place}: the class must be 0 to {classes - 1}'
        raise ValueError(f'{wanted}, but is {values[0]:g}.')
    return values
