"""The annotations of a COCO file, decoded by type into columns."""

from collections import Counter
from collections.abc import Iterator
from itertools import chain
from typing import Any, NamedTuple

import msgspec
import numpy as np

from ...utils.boxes import (
    MAX_COORDINATE,
    turned_hulls,
    xywh_to_xyxy,
    xyxy_to_xywh,
)
from ...utils.ids import number_ids
from ...utils.texts import explain, show

# Annotations become objects for the time of a chunk. The objects of larger
# chunks do not fit into the cache, and reading takes half as long again.
_CHUNK = 1024
_NONE = msgspec.Raw()
# Of an area in its box: what no outline covers, but for rounding.
_THIN, _LARGE = 0.01, 1.01
Id = int | str
_Flag = bool | int | None

# What is repaired, in words.
REPAIRS = dict(
    bare='annotations without a box (bbox: []) were left out',
    around='polygons without a box became the boxes around them',
    turned='boxes that are turned (attributes.rotation) became the upright '
    'boxes around them',
    area='areas were not positive: width x height is taken',
    unlike='areas are larger than width x height, or less than a hundredth of '
    'it: small, medium and large follow them',
    scored='annotations have a score, as a detector writes it, which was left '
    'out. Are these its detections?',
)


class Annotation(msgspec.Struct, gc=False):
    """One annotation, of which only these fields are read."""

    image_id: Id
    category_id: Id
    bbox: list[float] | None = None
    area: float | None = None
    iscrowd: _Flag = None
    ignore: _Flag = None
    segmentation: msgspec.Raw = _NONE
    attributes: msgspec.Raw = _NONE
    score: Any = None  # hotcoco writes null


class Part(NamedTuple):
    """Some annotations; the columns of :class:`CocoFile`, ids as numbers."""

    image_ids: np.ndarray
    category_ids: np.ndarray
    numbers: np.ndarray
    boxes: np.ndarray
    areas: np.ndarray
    crowd: np.ndarray
    ignore: np.ndarray


class _Refused(ValueError):
    """What is wrong with the annotation of this place in a part."""

    def __init__(self, place: int, fault: str) -> None:
        super().__init__(fault)
        self.place = place


def decode_annotations(
    items: list[msgspec.Raw], path: str, repairs: Counter
) -> Iterator[Part]:
    """Decode in chunks; ``repairs`` counts, by ``REPAIRS``, what was amiss.

    A fault that cannot be repaired is a ValueError with the number of the
    annotation, from 1.
    """
    for start in range(0, max(1, len(items)), _CHUNK):
        try:
            part = _decode(items[start : start + _CHUNK])
            yield _to_columns(part, start, repairs)
        except _Refused as error:
            number = start + error.place
            raise ValueError(
                f'{path}, annotation {number + 1}: {error}: '
                f'{show(bytes(items[number]))}.'
            ) from None


def decode_annotation(item: msgspec.Raw) -> Annotation:
    """One that has been decoded before, to show what it holds."""
    return msgspec.json.decode(item, type=Annotation, strict=False)


def _decode(items: list[msgspec.Raw]) -> list[Annotation]:
    decode = msgspec.json.Decoder(Annotation, strict=False).decode
    part: list[Annotation] = []
    try:
        for item in items:
            part.append(decode(item))
    except (ValueError, RecursionError) as error:
        raise _Refused(len(part), explain(error)) from None
    for field in ('iscrowd', 'ignore'):
        values = [getattr(item, field) for item in part]
        if wrong := set(values) - {0, 1, None}:
            value = wrong.pop()
            fault = f'{field} must be 0 or 1, but got {value}'
            raise _Refused(values.index(value), fault)
    return part


def _to_columns(part: list[Annotation], start: int, repairs: Counter) -> Part:
    repairs['scored'] += sum(item.score is not None for item in part)
    whole, numbers = part, np.arange(start + 1, start + len(part) + 1)
    if not all(item.bbox and len(item.bbox) == 4 for item in part):
        for place, item in enumerate(part):
            if not item.bbox or len(item.bbox) != 4:
                item.bbox = _find_box(item, place)
                repairs['around' if item.bbox else 'bare'] += 1
        has_box = [bool(item.bbox) for item in part]
        whole = [item for item in part if item.bbox]
        numbers = numbers[np.array(has_box, bool)]
    corners = chain.from_iterable([item.bbox or () for item in whole])
    boxes = np.fromiter(corners, np.float64).reshape(-1, 4)
    fits = (np.abs(boxes) <= MAX_COORDINATE).all(axis=1)
    if not fits.all():
        place = int(numbers[np.argmin(fits)]) - start - 1
        fault = f'bbox must be finite and within {MAX_COORDINATE} pixels'
        raise _Refused(place, fault)
    boxes = _turn(boxes, whole, repairs)
    areas = np.array([item.area for item in whole], np.float64)
    known = (areas > 0) & np.isfinite(areas)
    products = boxes[:, 2] * boxes[:, 3]
    repairs['area'] += int((~known & ~np.isnan(areas) & (products > 0)).sum())
    with np.errstate(divide='ignore', invalid='ignore'):
        shares = np.where(known & (products > 0), areas / products, 1)
    repairs['unlike'] += int(((shares < _THIN) | (shares > _LARGE)).sum())
    return Part(
        number_ids([item.image_id for item in whole], 'image_id'),
        number_ids([item.category_id for item in whole], 'category_id'),
        numbers,
        boxes,
        np.where(known, areas, products),
        np.array([item.iscrowd for item in whole], bool),
        np.array([item.ignore for item in whole], bool),
    )


def _find_box(item: Annotation, place: int) -> list[float] | None:
    """The box around the polygons; None for ``bbox: []`` without any."""
    if item.bbox:
        raise _Refused(place, 'bbox must be four numbers')
    polygons: list[list[float]] = []
    if item.segmentation is not _NONE:
        try:
            polygons = msgspec.json.decode(
                item.segmentation, type=list[list[float]]
            )
        except (ValueError, RecursionError):  # a mask
            polygons = []
    xs = [x for polygon in polygons for x in polygon[::2]]
    ys = [y for polygon in polygons for y in polygon[1::2]]
    if xs and ys:
        x, y = min(xs), min(ys)
        return [x, y, max(xs) - x, max(ys) - y]
    if item.bbox is None:
        raise _Refused(place, 'must have bbox, or polygons as segmentation')
    return None


def _turn(
    boxes: np.ndarray, part: list[Annotation], repairs: Counter
) -> np.ndarray:
    """The boxes around those that CVAT says are turned about their center."""
    angles = np.zeros(len(part))
    for row, item in enumerate(part):
        if item.attributes is _NONE:
            continue
        if b'rotation' not in bytes(item.attributes):
            continue
        try:
            attributes = msgspec.json.decode(item.attributes)
            angle = float(attributes.get('rotation') or 0)
        except (AttributeError, TypeError, ValueError, RecursionError):
            continue  # an attribute of the user's own
        angles[row] = angle % 180 if np.isfinite(angle) else 0
    turned = angles != 0
    if not turned.any():
        return boxes
    repairs['turned'] += int(turned.sum())
    hulls = turned_hulls(xywh_to_xyxy(boxes[turned]), angles[turned])
    boxes[turned] = xyxy_to_xywh(hulls)
    return boxes
