"""COCO JSON files, decoded by type into columns."""

import json
import re
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Annotated, NamedTuple

import msgspec
import numpy as np

from ...utils.groups import find_positions

# Annotations become objects for the time of a chunk. The objects of larger
# chunks do not fit into the cache, and reading takes half as long again.
_CHUNK = 1024
_Id = int | str
_Side = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
_Flag = bool | int | None


class _Image(msgspec.Struct):
    id: _Id
    file_name: str = ''
    height: _Side | None = None
    width: _Side | None = None


class _Category(msgspec.Struct):
    id: _Id
    name: str | int
    supercategory: str | int | None = None


class _Annotation(msgspec.Struct, gc=False):
    image_id: _Id
    category_id: _Id
    bbox: tuple[float, float, float, float]
    area: float | None = None
    iscrowd: _Flag = None
    ignore: _Flag = None


class _File(msgspec.Struct):
    images: list[_Image]
    categories: list[_Category]
    annotations: list[msgspec.Raw]


class CocoFile(NamedTuple):
    """M images, K categories and N annotations, in the order of the file.

    Attributes:
        image_ids (np.ndarray): (M,) int64; str if one is no such integer.
        file_names (list[str]): M names, '' where there is none.
        sizes (np.ndarray): (M, 2) int32, height and width, 0 where absent.
        category_ids (np.ndarray): (K,), as the image ids.
        classes (list[str]): K names of categories.
        image_of_box (np.ndarray): (N,) int64, position of the image.
        category_of_box (np.ndarray): (N,) int64, position of the category.
        boxes (np.ndarray): (N, 4) float64, xywh, pixels.
        areas (np.ndarray): (N,) float64, width times height where absent.
        crowd, ignore (np.ndarray): (N,) bool.
        parents (list[str]): K names, the ``supercategory`` of each category.
    """

    image_ids: np.ndarray
    file_names: list[str]
    sizes: np.ndarray
    category_ids: np.ndarray
    classes: list[str]
    image_of_box: np.ndarray
    category_of_box: np.ndarray
    boxes: np.ndarray
    areas: np.ndarray
    crowd: np.ndarray
    ignore: np.ndarray
    parents: list[str]


def read_coco_json(path: str, needs: Sequence[str] = ()) -> CocoFile:
    """Read the fields of a COCO file that describe boxes, and check them.

    Numbers and flags may be written as text: ``"0"`` is 0, and false. An id
    is a number if it is written as Python writes it (``"7"`` is 7, while
    ``"007"`` is a name). A number with a fraction is no size and no id.

    Args:
        path: The file: UTF-8, or UTF-16 or 32 with a byte order mark.
        needs: Fields that every image must have, of ``file_name``,
            ``height`` and ``width``.
    """
    with open(path, 'rb') as file:
        data = file.read()
    try:
        encoding = json.detect_encoding(data[:4])
        if encoding != 'utf-8':
            data = data.decode(encoding).encode()
        content = msgspec.json.decode(data, type=_File, strict=False)
    except (ValueError, RecursionError) as error:
        fault = f'must be a COCO JSON file: {_explain(error, data)}'
        raise ValueError(f'{path} {fault}.') from error
    images, categories = content.images, content.categories
    for number, image in enumerate(images, 1):
        if lacking := [field for field in needs if not getattr(image, field)]:
            wanted = f'{path}, image {number} must have {", ".join(needs)}'
            raise ValueError(f'{wanted}, but lacks {", ".join(lacking)}.')
    chunks = list(_read_annotations(content.annotations, path))
    del content, data  # the text of the file, before the columns are doubled
    images_of, categories_of, *columns = map(np.concatenate, zip(*chunks))
    image_ids = _to_ids([image.id for image in images])
    category_ids = _to_ids([category.id for category in categories])
    sizes = [(image.height or 0, image.width or 0) for image in images]
    return CocoFile(
        image_ids,
        [image.file_name for image in images],
        np.array(sizes, np.int32).reshape(-1, 2),
        category_ids,
        [str(category.name) for category in categories],
        _find(images_of, image_ids, 'image', path),
        _find(categories_of, category_ids, 'category', path),
        *columns,
        [str(category.supercategory) for category in categories],
    )


def _read_annotations(
    items: list[msgspec.Raw], path: str
) -> Iterator[tuple[np.ndarray, ...]]:
    """Ids of images and of categories, and the other columns, in chunks."""
    decode = msgspec.json.Decoder(_Annotation, strict=False).decode
    for start in range(0, max(1, len(items)), _CHUNK):
        part = []
        try:
            for item in items[start : start + _CHUNK]:
                part.append(decode(item))
        except ValueError as error:
            place = f'{path}, annotation {start + len(part) + 1}'
            fault = f'{_explain(error)}: {_show(bytes(item))}'
            raise ValueError(f'{place}: {fault}.') from error
        numbers = chain.from_iterable([item.bbox for item in part])
        boxes = np.fromiter(numbers, np.float64).reshape(-1, 4)
        areas = np.array([item.area for item in part], np.float64)
        yield (
            _to_ids([item.image_id for item in part]),
            _to_ids([item.category_id for item in part]),
            boxes,
            np.where(np.isnan(areas), boxes[:, 2] * boxes[:, 3], areas),
            np.array([item.iscrowd for item in part], bool),
            np.array([item.ignore for item in part], bool),
        )


def _explain(error: Exception, data: bytes = b'') -> str:
    """``'bbox[0] must be float, but got str'`` of what msgspec says."""
    text, _, place = str(error).replace('`', '').partition(' - at $.')
    text = text.replace('Object missing required field', 'must have')
    text = text.replace('Expected', 'must be').replace(', got', ', but got')
    if byte := re.search(r'\(byte (\d+)\)', text):
        start = max(0, int(byte[1]) - 20)
        text += f', near {_show(data[start : start + 40])}'
    return f'{place} {text}'.lstrip()


def _to_ids(values: list[int | str]) -> np.ndarray:
    """(N,) int64, or str if one of them is no int64."""
    ids = np.array(values)
    if ids.dtype.kind == 'i':
        return ids.astype(np.int64, copy=False)
    text = np.array([str(value) for value in values], str)
    try:
        ids = text.astype(np.int64)
    except (OverflowError, ValueError):
        return text
    return ids if (ids.astype(str) == text).all() else text


def _find(
    ids: np.ndarray, known: np.ndarray, what: str, path: str
) -> np.ndarray:
    """Where the image or category of each annotation stands."""
    if len(np.unique(known)) < len(known):
        raise ValueError(f'{path}: every {what} must have an id of its own.')
    if ids.dtype != known.dtype:
        ids, known = ids.astype(str), known.astype(str)
    positions = find_positions(ids, known)
    if (lost := positions < 0).any():
        row = int(np.argmax(lost))
        wanted = f'annotation {row + 1}, {what}_id must be of a known {what}'
        given = f'{ids[row].item()!r} (so in {lost.sum()} of {len(ids)})'
        raise ValueError(f'{path}, {wanted}, but got {given}.')
    return positions


def _show(text: bytes) -> str:
    """A piece of the file for a message: readable and on one line."""
    return ' '.join(text[:120].decode(errors='replace').split())
