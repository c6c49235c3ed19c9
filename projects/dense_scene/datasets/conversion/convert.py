"""Annotations of one format as another."""

from collections.abc import Sequence
from pathlib import Path

from .annotation_set import AnnotationSet
from .coco_format import read_coco, write_coco
from .csv_format import read_csv, write_csv, write_sku
from .voc_format import read_voc, write_voc
from .yolo_format import read_yolo, write_yolo

SOURCES = ('coco', 'voc', 'yolo', 'csv', 'sku')
TARGETS = SOURCES
_READERS = dict(coco=read_coco, voc=read_voc, yolo=read_yolo, csv=read_csv,
                sku=read_csv)
_WRITERS = dict(coco=write_coco, voc=write_voc, yolo=write_yolo,
                csv=write_csv, sku=write_sku)
_FOLDERS = ('voc', 'yolo')


def convert_annotations(source: str | Path,
                        target: str | Path,
                        source_format: str,
                        target_format: str,
                        images: str | Path | None = None,
                        classes: Sequence[str] | None = None,
                        voc_offset: float = 1,
                        digits: int = 3,
                        clip: bool = False,
                        progress: bool = False) -> AnnotationSet:
    """Read annotations in one format and write them in another.

    Corners are rounded to ``digits`` decimals of a pixel, and are the same,
    to the last bit, after any further conversion with as many digits. Order
    of images and of the boxes of an image, names, sizes and ignored boxes
    are kept where the format has a place for them; :attr:`AnnotationSet.
    notes` says what was left out. Polygons, ids, areas and poses are not
    kept. Formats: :func:`read_coco`, :func:`read_voc`, :func:`read_yolo`,
    :func:`read_csv` (which reads ``'csv'`` and ``'sku'``) and the writers
    beside them.

    Args:
        source (str | Path): A file, or a folder for ``'voc'`` and
            ``'yolo'``.
        target (str | Path): Likewise. A file is replaced at once, a folder
            must be new or empty.
        source_format, target_format (str): One of ``SOURCES``, ``TARGETS``.
        images (str | Path, optional): Folder of the images, of which sizes
            are read. Needed for ``'yolo'`` and where annotations hold no
            sizes; otherwise the sizes are compared.
        classes (Sequence[str], optional): All classes, in the wanted order.
        voc_offset (float): Of :func:`read_voc`, for source and target.
        digits (int): 0 to 6. Defaults to 3.
        clip (bool): Cut boxes at the edge of their image.
        progress (bool): Whether to show progress bars.

    Returns:
        AnnotationSet: What was written.

    Raises:
        FileNotFoundError: If source or images do not exist.
        ValueError: If a parameter makes no sense or the source cannot be
            read or written in the other format.
    """
    source, target = Path(source), Path(target)
    images = None if images is None else Path(images)
    _check_request(source, target, source_format, target_format, images,
                   digits)
    voc = dict(offset=voc_offset)
    annotations = _READERS[source_format](
        source, images, classes, progress=progress,
        **(voc if source_format == 'voc' else {}))
    if clip:
        annotations = annotations.clipped()
    written = _WRITERS[target_format](
        annotations, target, digits,
        **(voc if target_format == 'voc' else {}))
    return annotations if written is None else written


def _check_request(source: Path, target: Path, source_format: str,
                   target_format: str, images: Path | None,
                   digits: int) -> None:
    for name, value in (('source_format', source_format),
                        ('target_format', target_format)):
        if value not in SOURCES:
            raise ValueError(f'{name} must be one of {", ".join(SOURCES)}, '
                             f'but got {value!r}. Correct it.')
    if digits not in range(7):
        raise ValueError(f'digits must be 0 to 6, but got {digits}.')
    if images is not None and not images.is_dir():
        raise FileNotFoundError(f'images must be a folder, but {images} is '
                                'none. Correct the path.')
    wants_folder = source_format in _FOLDERS
    if not (source.is_dir() if wants_folder else source.is_file()):
        raise FileNotFoundError(
            f'the source must be a {"folder" if wants_folder else "file"} '
            f'for {source_format}, but {source} is none. Correct the path.')
    if target.exists() and target.samefile(source):
        raise ValueError(f'the target must not be the source, but both are '
                         f'{source}. Choose another name.')
    if target_format not in _FOLDERS and target.is_dir():
        raise ValueError(f'the target must be a file for {target_format}, '
                         f'but {target} is a folder. Name a file in it.')
