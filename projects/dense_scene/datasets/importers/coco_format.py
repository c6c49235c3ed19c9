"""COCO JSON, in both directions."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from ...utils.boxes import xywh_to_xyxy
from ..coco.reader import read_coco_json
from .annotation_set import AnnotationSet, build_annotation_set
from .files import write_text

_CHUNK = 2**16
_ANNOTATION = (
    '{"id": %d, "image_id": %d, "category_id": %d, "bbox": '
    '[%.15g, %.15g, %.15g, %.15g], "area": %.15g, "iscrowd": %d}'
)


def read_coco(
    source: Path,
    images: Path | None = None,
    classes: Sequence[str] | None = None,
    progress: bool = False,
) -> AnnotationSet:
    """Read a COCO file; polygons and ids are not kept.

    ``iscrowd`` and ``ignore`` both become ignored boxes.

    Args:
        source (Path): The JSON file.
        images, classes, progress: Of :func:`build_annotation_set`. The
            classes default to all categories of the file, in its order.

    Raises:
        ValueError: If the file is not COCO JSON
            (:func:`read_coco_json`) or refers to what it does not hold.
    """
    file = read_coco_json(str(source), ('file_name',))
    return build_annotation_set(
        file.file_names,
        file.sizes,
        file.image_of_box,
        xywh_to_xyxy(file.boxes),
        file.category_of_box,
        file.crowd | file.ignore,
        file.classes,
        lambda row: f'{source}, annotation {row + 1}',
        images,
        classes,
        progress,
    )


def write_coco(
    annotations: AnnotationSet, target: Path, digits: int = 3
) -> None:
    """Write a COCO file: ids from 1, area = width x height.

    Args:
        annotations (AnnotationSet): What to write.
        target (Path): The JSON file, replaced at once.
        digits (int): Decimals of the corners.
    """
    columns = annotations.columns
    images = [
        dict(id=index, file_name=name, height=height, width=width)
        for index, (name, (height, width)) in enumerate(
            zip(annotations.names, columns.sizes.tolist()), 1
        )
    ]
    categories = [
        dict(id=index, name=name)
        for index, name in enumerate(annotations.classes, 1)
    ]
    write_text(target, _pieces(annotations, images, categories, digits))


def _pieces(
    annotations: AnnotationSet,
    images: list[dict],
    categories: list[dict],
    digits: int,
) -> Iterator[str]:
    yield '{"images": ' + json.dumps(images)
    yield ', "categories": ' + json.dumps(categories)
    yield ', "annotations": ['
    columns, boxes = annotations.columns, annotations.rounded(digits)
    # Differences of rounded numbers are rounded again, or 0.3 - 0.1 would
    # be written with 16 decimals.
    sides = np.round(boxes[:, 2:] - boxes[:, :2], digits)
    fields = (
        np.arange(1, len(boxes) + 1),
        np.repeat(np.arange(len(columns)) + 1, columns.counts),
        columns.labels + 1,
        boxes[:, 0],
        boxes[:, 1],
        sides[:, 0],
        sides[:, 1],
        np.round(sides.prod(axis=1), 2 * digits),
        columns.ignored,
    )
    for start in range(0, len(boxes), _CHUNK):
        rows = zip(
            *(field[start : start + _CHUNK].tolist() for field in fields)
        )
        yield ',\n' if start else ''
        yield ',\n'.join(_ANNOTATION % row for row in rows)
    yield ']}\n'
