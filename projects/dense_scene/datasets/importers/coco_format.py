"""COCO JSON, in both directions."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ...utils.boxes import xywh_to_xyxy
from ...utils.files import write_text
from ..coco.classes import describe_groups, number_classes
from ..coco.reader import read_coco_json
from .annotation_set import AnnotationSet
from .found_boxes import FoundBoxes

_CHUNK = 2**16
_ANNOTATION = (
    '{"id": %d, "image_id": %d, "category_id": %d, "bbox": '
    '[%.15g, %.15g, %.15g, %.15g], "area": %.15g, "iscrowd": %d}'
)


def read_coco(source: Path) -> FoundBoxes:
    """Read a COCO file; polygons and ids are not kept.

    ``iscrowd`` and ``ignore`` both become ignored boxes. Classes are those of
    :func:`number_classes`.
    """
    file = read_coco_json(str(source), ('file_name',), any_name=True)
    classes, label_of_category = number_classes(file, str(source))
    return FoundBoxes(
        lambda row: f'{source}, annotation {file.numbers[row]}',
        file.file_names,
        file.sizes,
        file.image_of_box,
        xywh_to_xyxy(file.boxes),
        label_of_category[file.category_of_box],
        file.crowd | file.ignore,
        classes,
        where_image=lambda index: f'{source}, image {index + 1}',
        notes=[*file.notes, *describe_groups(file)],
    )


def write_coco(annotations: AnnotationSet, target: Path, digits: int) -> None:
    """Write a COCO file: ids from 1, area = width x height."""
    write_text(target, _pieces(annotations, digits))


def _pieces(annotations: AnnotationSet, digits: int) -> Iterator[str]:
    columns, boxes = annotations.columns, annotations.rounded(digits)
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
    yield f'{{"images": {json.dumps(images)}, '
    yield f'"categories": {json.dumps(categories)}, "annotations": ['
    # Differences of rounded numbers are rounded again, or 0.3 - 0.1 would
    # be written with 16 decimals.
    sides = np.round(boxes[:, 2:] - boxes[:, :2], digits)
    fields = (
        np.arange(1, len(boxes) + 1),
        np.repeat(np.arange(len(columns)) + 1, columns.counts),
        columns.labels + 1,
        *boxes[:, :2].T,
        *sides.T,
        np.round(sides.prod(axis=1), 2 * digits),
        columns.ignored,
    )
    for start in range(0, len(boxes), _CHUNK):
        rows = zip(*(part[start : start + _CHUNK].tolist() for part in fields))
        yield ',\n' if start else ''
        yield ',\n'.join(_ANNOTATION % row for row in rows)
    yield ']}\n'
