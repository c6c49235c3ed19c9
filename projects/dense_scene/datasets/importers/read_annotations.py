"""Annotations of any format, by its name."""

from collections.abc import Sequence
from pathlib import Path

from .annotation_set import AnnotationSet
from .coco_format import read_coco
from .csv_format import has_header, read_csv
from .files import find_files
from .voc_format import read_voc
from .yolo_format import read_yolo

SOURCES = ('coco', 'voc', 'yolo', 'csv', 'sku')
_READERS = dict(
    coco=read_coco, voc=read_voc, yolo=read_yolo, csv=read_csv, sku=read_csv
)
FOLDERS = ('voc', 'yolo')


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
    if source_format not in SOURCES:
        raise ValueError(
            f'source_format must be one of {", ".join(SOURCES)}, '
            f'but got {source_format!r}. Correct it.'
        )
    if images is not None and not images.is_dir():
        raise FileNotFoundError(
            f'images must be a folder, but {images} is none. Correct the path.'
        )
    wants_folder = source_format in FOLDERS
    if not (source.is_dir() if wants_folder else source.is_file()):
        raise FileNotFoundError(
            f'the source must be a {"folder" if wants_folder else "file"} '
            f'for {source_format}, but {source} is none. Correct the path.'
        )
    voc = dict(offset=voc_offset) if source_format == 'voc' else {}
    found = _READERS[source_format](
        source, images, classes, progress=progress, **voc
    )
    if not len(found.columns):
        raise ValueError(
            f'{source} must hold {source_format} annotations of at least one '
            'image, but holds none. Correct the path or the format.'
        )
    return found


def guess_format(source: str | Path) -> str:
    """The format of annotations by what they look like.

    JSON is COCO's, CSV with a header is ``'csv'`` and without is SKU-110K's;
    a folder with an XML file is Pascal VOC's, with text files YOLO's.

    Raises:
        FileNotFoundError: If it does not exist.
        ValueError: If it looks like none of these.
    """
    source = Path(source)
    if not source.exists():
        raise FileNotFoundError(
            f'annotations must be a file or a folder, but {str(source)!r} '
            'does not exist. Correct the path.'
        )
    if source.is_dir():
        for suffix, found in (('.xml', 'voc'), ('.txt', 'yolo')):
            if find_files(source, (suffix,)):
                return found
    elif source.suffix.lower() == '.json':
        return 'coco'
    elif source.suffix.lower() == '.csv':
        return 'csv' if has_header(source) else 'sku'
    raise ValueError(
        'annotations must be a .json or .csv file, or a folder of XML or YOLO '
        f'text files, but got {str(source)!r}. Rename or convert it.'
    )
