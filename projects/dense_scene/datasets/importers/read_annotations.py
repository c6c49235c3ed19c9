"""The formats of annotations, and reading any of them."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from ...utils import checks
from ...utils.files import find_files
from .annotation_set import AnnotationSet
from .coco_format import read_coco, write_coco
from .csv_format import has_header, read_csv, write_csv
from .cvat_format import read_cvat
from .found_boxes import FoundBoxes
from .voc_format import read_voc
from .yolo_format import read_yolo


class Format(NamedTuple):
    """How annotations are told from others, read and written."""

    # Whether a path that exists is of the format; asked by order of FORMATS.
    looks: Callable[[Path], bool]
    # Takes the source and, by keyword, what `takes` names.
    read: Callable[..., FoundBoxes]
    takes: tuple[str, ...] = ()
    # Takes annotations, target and the number of decimals; None: read only.
    write: Callable[[AnnotationSet, Path, int], None] | None = None
    is_folder: bool = False


def _ends(suffix: str) -> Callable[[Path], bool]:
    return lambda path: path.is_file() and path.suffix.lower() == suffix


def _holds(suffix: str) -> Callable[[Path], bool]:
    return lambda path: path.is_dir() and bool(find_files(path, (suffix,)))


# hotcoco's writers of VOC, YOLO and CVAT round boxes to a pixel, to 1e-6 of a
# side and to 0.01 pixels, and lose sub-folders or crowds: these are only read.
FORMATS = dict(
    coco=Format(_ends('.json'), read_coco, write=write_coco),
    csv=Format(
        lambda path: _ends('.csv')(path) and has_header(path),
        read_csv,
        write=write_csv,
    ),
    sku=Format(_ends('.csv'), read_csv),
    cvat=Format(_ends('.xml'), read_cvat),
    voc=Format(
        _holds('.xml'), read_voc, ('offset', 'progress'), is_folder=True
    ),
    yolo=Format(
        _holds('.txt'),
        read_yolo,
        ('images', 'classes', 'progress'),
        is_folder=True,
    ),
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
        source (str | Path): A file, or a folder for ``'voc'`` and
            ``'yolo'``.
        source_format (str): One of ``SOURCES``.
        images (str | Path, optional): Folder of the images, of which sizes
            are read. Needed for ``'yolo'`` and where annotations hold no
            sizes; otherwise the sizes are compared.
        classes (Sequence[str], optional): All classes, in the wanted order.
        voc_offset (float): Of :func:`read_voc`.
        progress (bool): Whether to show progress bars.

    Raises:
        FileNotFoundError: If source or images do not exist.
        ValueError: If there is no such format, or the source is not of it or
            holds no image.
    """
    source = Path(source)
    images = None if images is None else Path(images)
    chosen = FORMATS[checks.choice('source_format', source_format, SOURCES)]
    kind = 'folder' if chosen.is_folder else 'file'
    if not (source.is_dir() if chosen.is_folder else source.is_file()):
        raise FileNotFoundError(
            f'the source must be a {kind} for {source_format}, but {source} '
            'is not.'
        )
    if images is not None and not images.is_dir():
        raise FileNotFoundError(
            f'images must be a folder, but {images} is not.'
        )
    options = dict(
        images=images, classes=classes, offset=voc_offset, progress=progress
    )
    found = chosen.read(source, **{key: options[key] for key in chosen.takes})
    if not len(found.names):
        raise ValueError(
            f'{source} must hold {source_format} annotations of at least one '
            'image, but holds none.'
        )
    return found.checked(images, classes, progress)


def guess_format(source: str | Path) -> str:
    """The first of ``FORMATS`` that annotations look like.

    Raises:
        FileNotFoundError: If they do not exist.
        ValueError: If they look like none.
    """
    source = Path(source)
    if not source.exists():
        raise FileNotFoundError(
            f'annotations must be a file or a folder, but {str(source)!r} '
            'does not exist.'
        )
    for name, candidate in FORMATS.items():
        if candidate.looks(source):
            return name
    raise ValueError(
        'annotations must be a .json, .csv or .xml file, or a folder of XML '
        f'or YOLO text files, but got {str(source)!r}.'
    )
