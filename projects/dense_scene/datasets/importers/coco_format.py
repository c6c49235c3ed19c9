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
    content, found = read_coco_json(str(source))
    image_of_box = _positions(
        found.image_ids, content['images'], 'image', source
    )
    labels = _positions(
        found.category_ids, content['categories'], 'category', source
    )
    try:
        names = [str(image['file_name']) for image in content['images']]
        known = [str(item['name']) for item in content['categories']]
        sizes = np.array(
            [
                (image.get('height') or 0, image.get('width') or 0)
                for image in content['images']
            ],
            np.int64,
        )
    except (
        AttributeError,
        KeyError,
        OverflowError,
        TypeError,
        ValueError,
    ) as error:
        raise ValueError(
            f'{source}: every image must have a file_name, and whole numbers '
            'for height and width if any, and every category a name, but '
            f'{type(error).__name__}: {error}. Add what is missing.'
        ) from error
    return build_annotation_set(
        names,
        sizes,
        image_of_box,
        xywh_to_xyxy(found.boxes),
        labels,
        found.crowd | found.ignore,
        known,
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
    # All are written alike, so that they are read at the speed of the disk
    # (read_uniform_objects).
    for start in range(0, len(boxes), _CHUNK):
        rows = zip(
            *(field[start : start + _CHUNK].tolist() for field in fields)
        )
        yield ',\n' if start else ''
        yield ',\n'.join(_ANNOTATION % row for row in rows)
    yield ']}\n'


def _positions(
    ids: np.ndarray, items: list[dict], what: str, source: Path
) -> np.ndarray:
    """Where the item with each id stands."""
    try:
        position = {item['id']: index for index, item in enumerate(items)}
    except (KeyError, TypeError):
        raise ValueError(
            f'{source}: every {what} must have an id. Add it.'
        ) from None
    if len(position) < len(items):
        raise ValueError(
            f'{source}: every {what} must have an id of its '
            'own, but some share one. Renumber them.'
        )
    unique, first, inverse = np.unique(
        ids, return_index=True, return_inverse=True
    )
    for item, row in zip(unique.tolist(), first.tolist()):
        if item not in position:
            raise ValueError(
                f'{source}, annotation {row + 1} must refer to a known '
                f'{what}, but has {what}_id {item!r}. Correct or delete it.'
            )
    found = [position[item] for item in unique.tolist()]
    return np.array(found, np.int64)[inverse.reshape(-1)]
