"""Annotations of one format as another."""

from collections.abc import Sequence
from pathlib import Path

from ...utils import checks
from ...utils.files import require_own_place
from .annotation_set import AnnotationSet
from .read_annotations import FORMATS, TARGETS, read_annotations


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
    kept.

    Args:
        source, source_format, images, classes, voc_offset, progress: Of
            :func:`read_annotations`.
        target: A file; replaced at once.
        target_format: One of ``TARGETS``.
        digits: 0 to 6.
        clip: Cut boxes at the edge of their image.

    Returns:
        What was written.
    """
    target = Path(target)
    checks.choice('target_format', target_format, TARGETS)
    checks.choice('digits', digits, range(7))
    require_own_place(target, [source])
    annotations = read_annotations(
        source, source_format, images, classes, voc_offset, progress
    )
    if clip:
        annotations = annotations.clipped()
    FORMATS[target_format].write(annotations, target, digits)
    return annotations
