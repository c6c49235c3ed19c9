"""COCO JSON files, read in a stream into arrays."""

import json
import re
from typing import BinaryIO, NamedTuple

import numpy as np

from .uniform_json import read_uniform_objects

_ANNOTATIONS = re.compile(rb'"annotations"\s*:\s*\[')
_GAP = re.compile(r'[\s,]*')
_CHUNK_BYTES = 2**20


class CocoAnnotations(NamedTuple):
    """The annotations of a COCO file.

    ``image_ids`` and ``category_ids`` are (N,), as in the file; ``boxes``
    (N, 4) float64, xywh; ``areas`` (N,) float64, width times height where the
    file has none; ``crowd`` and ``ignore`` (N,) bool.
    """

    image_ids: np.ndarray
    category_ids: np.ndarray
    boxes: np.ndarray
    areas: np.ndarray
    crowd: np.ndarray
    ignore: np.ndarray


def read_coco_json(
    path: str, chunk_bytes: int = _CHUNK_BYTES
) -> tuple[dict, CocoAnnotations]:
    """Read a COCO file without making an object of every annotation.

    Annotations that are written alike (the same keys, no polygons) are read
    at the speed of the disk; others as fast as Python's ``json`` is. Either
    way only ``chunk_bytes`` of them are in memory as text.

    Args:
        path (str): The file. Its keys may come in any order.
        chunk_bytes (int): How much is parsed at a time.

    Returns:
        tuple[dict, CocoAnnotations]: The file's object, with an empty list
        for ``'annotations'``, and the annotations.

    Raises:
        ValueError: If the file is not JSON, lacks ``images``,
            ``annotations`` or ``categories``, or an annotation lacks
            ``image_id``, ``category_id`` or a ``bbox`` of four numbers.
    """
    with open(path, 'rb') as file:
        head, buffer = _find_annotations(file, chunk_bytes)
        parts, tail = _read_annotations(file, buffer, chunk_bytes, path)
    rest = _parse_rest(head + tail, path)
    if rest['annotations']:
        # The key stood first in some inner object: the real one is here.
        parts = [_from_objects(rest.pop('annotations'), 0, path)]
    if not parts:
        parts = [_from_objects([], 0, path)]
    return rest, CocoAnnotations(*map(np.concatenate, zip(*parts)))


def _find_annotations(file: BinaryIO, chunk_bytes: int) -> tuple[bytes, bytes]:
    """The text up to and with the opening bracket, and what follows it."""
    text = b''
    while block := file.read(chunk_bytes):
        # The key may lie across two blocks.
        searched = max(0, len(text) - 64)
        text += block
        if match := _ANNOTATIONS.search(text, searched):
            return text[: match.end()], text[match.end() :]
    return text, b''


def _read_annotations(
    file: BinaryIO, buffer: bytes, chunk_bytes: int, path: str
) -> tuple[list[CocoAnnotations], bytes]:
    """All annotations, and the text from the closing bracket on.

    Where the text cannot be understood, the rest of the file is returned.
    """
    parts, count, closed, block = [], 0, False, b'unread'
    while block and not closed:
        block = file.read(chunk_bytes)
        buffer += block
        end = buffer.rfind(b'}') + 1
        columns = read_uniform_objects(buffer[:end])
        if columns is not None and _is_complete(columns):
            part = _from_columns(columns)
            buffer = buffer[end:].lstrip(b' ,\t\r\n')
        else:
            objects, buffer, closed = _decode_objects(buffer)
            part = _from_objects(objects, count, path)
        if len(part.areas):
            parts.append(part)
        count += len(part.areas)
    return parts, buffer + file.read()


def _decode_objects(buffer: bytes) -> tuple[list[dict], bytes, bool]:
    """The whole objects in front, the rest, and whether the list ends."""
    # A character cut in two by the end of the block survives this way.
    text = buffer.decode('utf-8', 'surrogateescape')
    decode, objects = json.JSONDecoder().raw_decode, []
    position = _GAP.match(text).end()
    try:
        while position < len(text) and text[position] != ']':
            item, position = decode(text, position)
            objects.append(item)
            position = _GAP.match(text, position).end()
    except (json.JSONDecodeError, RecursionError):
        pass  # cut off by the end of the block, or not JSON at all
    rest = text[position:]
    return (
        objects,
        rest.encode('utf-8', 'surrogateescape'),
        rest.startswith(']'),
    )


def _is_complete(columns: dict[str, np.ndarray]) -> bool:
    """Whether the columns hold what every annotation must have."""
    ids = [columns.get('image_id'), columns.get('category_id')]
    boxes = columns.get('bbox')
    return (
        boxes is not None
        and boxes.shape[1:] == (4,)
        and all(
            column is not None
            and column.ndim == 1
            and np.array_equal(column, np.trunc(column))
            for column in ids
        )
    )


def _from_columns(columns: dict[str, np.ndarray]) -> CocoAnnotations:
    boxes = columns['bbox']
    absent = np.zeros(len(boxes))
    return CocoAnnotations(
        columns['image_id'].astype(np.int64),
        columns['category_id'].astype(np.int64),
        boxes,
        columns.get('area', boxes[:, 2] * boxes[:, 3]),
        columns.get('iscrowd', absent).astype(bool),
        columns.get('ignore', absent).astype(bool),
    )


def _from_objects(
    objects: list[dict], count: int, path: str
) -> CocoAnnotations:
    """``count`` is the number of annotations before these."""
    for number, item in enumerate(objects, count + 1):
        try:
            _, _, (_, _, _, _) = (
                item['image_id'],
                item['category_id'],
                item['bbox'],
            )
            sum(item['bbox'])  # refuses all but numbers
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(
                f'{path}, annotation {number} must have image_id, '
                'category_id and a bbox of four numbers, but is '
                f'{str(item)[:120]}. Correct or delete it.'
            ) from error
    boxes = np.array([item['bbox'] for item in objects], np.float64).reshape(
        -1, 4
    )
    areas = np.array([item.get('area') for item in objects], np.float64)
    return CocoAnnotations(
        np.array([item['image_id'] for item in objects]),
        np.array([item['category_id'] for item in objects]),
        boxes,
        np.where(np.isnan(areas), boxes[:, 2] * boxes[:, 3], areas),
        np.array([bool(item.get('iscrowd')) for item in objects], bool),
        np.array([bool(item.get('ignore')) for item in objects], bool),
    )


def _parse_rest(text: bytes, path: str) -> dict:
    """The file without its annotations."""
    try:
        rest = json.loads(text)
    except (UnicodeDecodeError, RecursionError) as error:
        what = (
            'is nested too deeply'
            if isinstance(error, RecursionError)
            else 'is no text in UTF-8'
        )
        raise ValueError(
            f'{path} must be a COCO JSON file, but {what}. Give the right '
            'file.'
        ) from error
    except json.JSONDecodeError as error:
        near = error.doc[max(0, error.pos - 20) : error.pos + 20]
        raise ValueError(
            f'{path} must be a COCO JSON file, but cannot be parsed '
            f'({error.msg}) near {near!r}. Write or copy it again.'
        ) from error
    found = list(rest) if isinstance(rest, dict) else type(rest).__name__
    for key in ('images', 'annotations', 'categories'):
        if key not in found or not isinstance(rest[key], list):
            raise ValueError(
                f'{path} must be a COCO JSON file with lists named images, '
                f'annotations and categories, but {key} is missing: it has '
                f'{found}. Add it, or give the right ann_file.'
            )
    return rest
