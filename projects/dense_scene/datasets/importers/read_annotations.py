"""The formats of annotations, and reading any of them."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from ...utils import checks
from ...utils.files import find_files, require_file
from .annotation_set import AnnotationSet
from .coco_format import read_coco, write_coco
from .csv_columns import looks_like_sku
from .cvat_format import read_cvat
from .found_boxes import FoundBoxes
from .voc_format import read_voc
from .yolo_format import read_yolo


def _read_csv(source: Path) -> FoundBoxes:
    """Imported when it is needed: pandas takes half a second to load."""
    from .csv_format import read_csv

    return read_csv(source)


def _write_csv(annotations: AnnotationSet, target: Path, digits: int) -> None:
    from .csv_format import write_csv

    write_csv(annotations, target, digits)


class Format(NamedTuple):
    """How annotations are told from others, read and written."""

    # Whether a path that exists is of the format; asked by order of FORMATS.
    looks: Callable[[Path], bool]
    # Takes the source and, by keyword, what `takes` names.
    read: Callable[..., FoundBoxes]
    takes: tuple[str, ...] = ()
    # Takes annotations, target and the number of decimals; None: read only.
    write: Callable[[AnnotationSet, Path, int], None] | None = None


def _ends(suffix: str) -> Callable[[Path], bool]:
    return lambda path: path.is_file() and path.suffix.lower() == suffix


def _holds(suffix: str) -> Callable[[Path], bool]:
    return lambda path: path.is_dir() and bool(find_files(path, (suffix,)))


# hotcoco's writers of VOC, YOLO and CVAT round boxes to a pixel, to 1e-6 of a
# side and to 0.01 pixels, and lose sub-folders or crowds: these are only read.
FORMATS = dict(
    coco=Format(_ends('.json'), read_coco, write=write_coco),
    csv=Format(
        lambda path: _ends('.csv')(path) and not looks_like_sku(path),
        _read_csv,
        write=_write_csv,
    ),
    sku=Format(_ends('.csv'), _read_csv),
    cvat=Format(_ends('.xml'), read_cvat),
    voc=Format(_holds('.xml'), read_voc, ('offset', 'progress')),
    yolo=Format(_holds('.txt'), read_yolo, ('images', 'classes', 'progress')),
)
SOURCES = tuple(FORMATS)
TARGETS = tuple(name for name in FORMATS if FORMATS[name].write)


def read_annotations(
    source: str | Path,
    source_format: str,
    images: str | Path | None = None,
    classes: Sequence[str] | None = None,
    voc_offset: float = 1,
    progress: bool = False,
) -> AnnotationSet:
    """Read annotations in one of the formats.

    Args:
        source: A file, or a folder for ``'voc'`` and ``'yolo'``.
        source_format: One of ``SOURCES``.
        images: Folder of the images, of which sizes are read. Needed for
            ``'yolo'`` and where annotations hold no sizes; otherwise the
            sizes are compared.
        classes: All classes, in the wanted order.
        voc_offset: Of :func:`read_voc`.
        progress: Whether to show progress bars.
    """
    source = Path(source)
    images = None if images is None else Path(images)
    chosen = FORMATS[checks.choice('source_format', source_format, SOURCES)]
    if source_format not in ('voc', 'yolo'):  # those look for their folder
        require_file(source, f'the source of {source_format}')
    options = dict(
        images=images, classes=classes, offset=voc_offset, progress=progress
    )
    found = chosen.read(source, **{key: options[key] for key in chosen.takes})
    if not len(found.names):
        wanted = f'{source_format} annotations of at least one image'
        raise ValueError(f'{source} must hold {wanted}, but holds none.')
    return found.checked(images, classes, progress)


def guess_format(source: str | Path) -> str:
    """The first of ``FORMATS`` that annotations look like."""
    source = Path(source)
    if not source.is_dir():
        require_file(source, 'annotations')
    for name, candidate in FORMATS.items():
        if candidate.looks(source):
            return name
    raise ValueError(
        'annotations must be a .json, .csv or .xml file, or a folder of XML '
        f'or YOLO text files, but got {str(source)!r}.'
    )
