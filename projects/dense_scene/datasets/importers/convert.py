"""Annotations of one format as another."""

from collections.abc import Sequence
from pathlib import Path

from .annotation_set import AnnotationSet
from .coco_format import write_coco
from .csv_format import write_csv, write_sku
from .files import require_own_place
from .read_annotations import FOLDERS, SOURCES, read_annotations
from .voc_format import write_voc
from .yolo_format import write_yolo

TARGETS = SOURCES
_WRITERS = dict(
    coco=write_coco,
    voc=write_voc,
    yolo=write_yolo,
    csv=write_csv,
    sku=write_sku,
)


def convert_annotations(
    source: str | Path,
    target: str | Path,
    source_format: str,
    target_format: str,
    images: str | Path | None = None,
    classes: Sequence[str] | None = None,
    voc_offset: float = 1,
    digits: int = 3,
    clip: bool = False,
    progress: bool = False,
) -> AnnotationSet:
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
    target = Path(target)
    if target_format not in TARGETS:
        raise ValueError(
            f'target_format must be one of {", ".join(TARGETS)}, '
            f'but got {target_format!r}. Correct it.'
        )
    if digits not in range(7):
        raise ValueError(f'digits must be 0 to 6, but got {digits}.')
    require_own_place(target, [source], target_format in FOLDERS)
    annotations = read_annotations(
        source, source_format, images, classes, voc_offset, progress
    )
    if clip:
        annotations = annotations.clipped()
    voc = dict(offset=voc_offset) if target_format == 'voc' else {}
    written = _WRITERS[target_format](annotations, target, digits, **voc)
    return annotations if written is None else written
