"""Pascal VOC XML, in both directions."""

import re
import xml.etree.ElementTree as ElementTree
from array import array
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from xml.sax.saxutils import escape

import numpy as np
from rich.progress import track

from .annotation_set import AnnotationSet, build_annotation_set
from .files import find_files, new_folder, paused_collector

_CORNERS = ('xmin', 'ymin', 'xmax', 'ymax')
_OBJECT = re.compile(rb'<object[\s>]')
# XML has no way to write these.
_FORBIDDEN = re.compile(
    '[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]'
)
_HEAD = (
    '<annotation>\n  <filename>%s</filename>\n  <size><width>%d</width>'
    '<height>%d</height><depth>3</depth></size>\n'
)
_BOX = (
    '  <object>\n    <name>%s</name>\n    <difficult>%d</difficult>\n'
    '    <bndbox><xmin>%.15g</xmin><ymin>%.15g</ymin><xmax>%.15g</xmax>'
    '<ymax>%.15g</ymax></bndbox>\n  </object>\n'
)


def read_voc(
    source: Path,
    images: Path | None = None,
    classes: Sequence[str] | None = None,
    offset: float = 1,
    progress: bool = False,
) -> AnnotationSet:
    """Read one XML file per image.

    Pascal VOC counts pixels from 1 and names the first and the last one of
    an object: xmin = 1, xmax = 10 are ten pixels, from 0 to 10 as the edges
    of pixels are counted everywhere else. So ``offset`` is taken off xmin
    and ymin, and nothing off xmax and ymax. Many labelling programs write
    edges into the same tags: read those with offset 0.

    ``difficult`` boxes become ignored ones; poses, parts and ``truncated``
    are not kept. An image lies in the same sub-folder as its XML file; of a
    ``filename`` that is a path, only the last part counts.

    Args:
        source (Path): The folder of the XML files.
        images, classes, progress: Of :func:`build_annotation_set`. The
            classes default to those that occur, by alphabet. Sizes come from
            the images where the files lack them.
        offset (float): See above. Defaults to 1.

    Raises:
        ValueError: If a file is not such XML, declares a document type
            (the door to expanding or fetching entities) or misses a field.
    """
    paths = find_files(source, ('.xml',))
    rows = _Rows()
    with paused_collector():
        for path in track(paths, 'reading XML files', disable=not progress):
            rows.add(source, path)
    _require_distinct(rows.names, paths, source)
    counts = rows.counts
    image_of_box = np.repeat(np.arange(len(paths)), np.array(counts, np.int64))

    def where(row: int) -> str:
        image = int(image_of_box[row])
        path, number = source / paths[image], row - sum(counts[:image])
        return f'{path}, line {_line(path.read_bytes(), number)}'

    known = sorted(rows.known)
    order = np.array([known.index(name) for name in rows.known], np.int64)
    corners = np.frombuffer(rows.boxes, np.float64).reshape(-1, 4)
    found = build_annotation_set(
        rows.names,
        np.array(rows.sizes),
        image_of_box,
        corners - [offset, offset, 0, 0],
        order[np.frombuffer(rows.labels, np.int64)],
        np.frombuffer(rows.ignored, bool),
        known,
        where,
        images,
        classes,
        progress,
    )
    early = int((corners[:, :2] < offset).any(axis=1).sum())
    if not early:
        return found
    note = (
        f'{early} boxes begin before pixel {offset:g}, which the files '
        'are said to count from: if they hold edges, as those of many '
        'labelling programs, read them with offset 0.'
    )
    return replace(found, notes=[*found.notes, note])


def write_voc(
    annotations: AnnotationSet,
    target: Path,
    digits: int = 3,
    offset: float = 1,
) -> None:
    """Write one XML file per image; classes without a box are lost.

    Args:
        annotations (AnnotationSet): What to write; ignored boxes are marked
            ``difficult``.
        target (Path): A new folder.
        digits (int): Decimals of the corners.
        offset (float): Of :func:`read_voc`.

    Raises:
        ValueError: If a name holds what XML cannot.
    """
    columns, stems = annotations.columns, annotations.relative_stems()
    names = [_escape(PurePosixPath(name).name) for name in annotations.names]
    classes = [_escape(name) for name in annotations.classes]
    boxes = annotations.rounded(digits) + [offset, offset, 0, 0]
    with new_folder(target) as folder:
        for index, stem in enumerate(stems):
            height, width = columns.sizes[index].tolist()
            rows = columns.rows(index)
            text = [_HEAD % (names[index], width, height)]
            text += [
                _BOX % (classes[label], hard, *box)
                for label, hard, box in zip(
                    columns.labels[rows].tolist(),
                    columns.ignored[rows].tolist(),
                    boxes[rows].tolist(),
                )
            ]
            path = folder / f'{stem}.xml'
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(
                ''.join(text) + '</annotation>\n', encoding='utf-8'
            )


class _Rows:
    """What the files hold, in flat arrays: no object for each box."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.sizes: list[tuple[int, int]] = []
        self.counts: list[int] = []
        self.known: dict[str, int] = {}
        self.boxes, self.labels = array('d'), array('q')
        self.ignored = bytearray()

    def add(self, source: Path, path: Path) -> None:
        root, content = _parse(source / path)
        self.names.append(_image_name(root, path, source))
        self.sizes.append(_size(root, source / path))
        number = -1
        for number, item in enumerate(root.iter('object')):
            try:
                name, box, difficult = _read_object(item)
            except ValueError as error:
                raise ValueError(
                    f'{source / path}, line {_line(content, number)}: every '
                    f'object must have {error}. Correct or delete it.'
                ) from None
            self.boxes.extend(box)
            self.labels.append(self.known.setdefault(name, len(self.known)))
            self.ignored.append(difficult)
        self.counts.append(number + 1)


def _parse(path: Path) -> tuple[ElementTree.Element, bytes]:
    content = path.read_bytes()
    # Entities can only be declared in a document type. Without a zero byte
    # the encoding is one in which these letters are themselves.
    for mark in (b'<!DOCTYPE', b'<!ENTITY', b'\0'):
        if mark in content:
            raise ValueError(
                f'{path} must be XML in UTF-8 without a document type, but '
                f'contains {mark.decode()!r}. Delete that part, or save it '
                'as UTF-8.'
            )
    try:
        return ElementTree.fromstring(content), content
    except (ElementTree.ParseError, LookupError, ValueError) as error:
        raise ValueError(
            f'{path} must be XML, but cannot be parsed: '
            f'{error}. Write it again.'
        ) from error


def _image_name(root: ElementTree.Element, path: Path, source: Path) -> str:
    name = (root.findtext('filename') or '').strip()
    name = re.split(r'[\\/]', name)[-1]
    if not name:
        raise ValueError(
            f'{source / path} must name its image in the tag '
            'filename, but does not. Add it.'
        )
    return (path.parent / name).as_posix()


def _size(root: ElementTree.Element, path: Path) -> tuple[int, int]:
    """Height and width, 0 where it says nothing."""
    sides = [
        (root.findtext(f'size/{side}') or '0').strip()
        for side in ('height', 'width')
    ]
    # Ten digits fit into 64 bits; what is too large for an image is found
    # with its name.
    if not all(side.isdecimal() and len(side) <= 10 for side in sides):
        raise ValueError(
            f'{path}: width and height must be whole numbers, '
            f'but are {sides[1][:40]!r} and {sides[0][:40]!r}. '
            'Correct them.'
        )
    return int(sides[0]), int(sides[1])


def _read_object(item: ElementTree.Element) -> tuple[str, list[float], bool]:
    """Name, corners and whether it is difficult."""
    name = (item.findtext('name') or '').strip()
    if not name:
        raise ValueError('a name')
    # find() with a path is several times slower than two steps.
    bndbox = item.find('bndbox')
    box = []
    for corner in _CORNERS:
        text = None if bndbox is None else bndbox.findtext(corner)
        try:
            box.append(float(text))
        except (TypeError, ValueError):
            raise ValueError(
                f'a number as bndbox/{corner}, not {text!r}'
            ) from None
    difficult = (item.findtext('difficult') or '0').strip()
    if difficult not in ('0', '1'):
        raise ValueError(f'0 or 1 as difficult, not {difficult!r}')
    return name, box, difficult == '1'


def _line(content: bytes, number: int) -> int:
    """The line on which the object of this number begins."""
    matches = list(_OBJECT.finditer(content))
    start = matches[number].start() if number < len(matches) else 0
    return content.count(b'\n', 0, start) + 1


def _require_distinct(
    names: list[str], paths: list[Path], source: Path
) -> None:
    first: dict[str, Path] = {}
    for name, path in zip(names, paths):
        if first.setdefault(name, path) != path:
            raise ValueError(
                f'every image must have one XML file, but {source / path} '
                f'and {source / first[name]} both name {name!r}. Correct '
                'filename in one of them.'
            )


def _escape(text: str) -> str:
    if _FORBIDDEN.search(text):
        raise ValueError(f'XML cannot hold the name {text!r}. Rename it.')
    return escape(text)
