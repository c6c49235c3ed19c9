"""A run of JSON objects that are all written alike, read into columns."""

import json
import re

import numpy as np

from ..number_parsing import parse_numbers

_NUMBER = re.compile(rb'[-+.0-9]+')
_SEPARATOR = re.compile(rb'\s*,\s*(?={)')
_IS_NUMBER = np.isin(np.arange(256), np.frombuffer(b'-+.0123456789', np.uint8))
_LONGEST_OBJECT = 4096
# A field of an object: which of its numbers it is, or the constant that all
# objects have there.
Field = int | list[int] | bool


def read_uniform_objects(text: bytes) -> dict[str, np.ndarray] | None:
    """Read flat annotation objects without making a Python object of each.

    A program that writes a million annotations writes them with the same
    keys in the same order, so that they differ in the digits alone: without
    them, the text is one pattern repeated. That is verified to the byte, and
    where it holds, the n-th number of every object is the same field.

    Args:
        text (bytes): ``{...}, {...}, ..., {...}``, from the first brace to
            the last.

    Returns:
        dict[str, np.ndarray] | None: For every field whose value is a number,
        a list of numbers or a bool: (n,) or (n, k) float64. None if the
        objects are not written alike (other keys, polygons, exponents) or
        hold a number of more than 15 digits: parse them with ``json`` then.
    """
    unit = _first_unit(text)
    if unit is None:
        return None
    first, separator = unit
    text = text + separator
    tokens = _find_tokens(text, first + separator)
    fields = _number_fields(first)
    if tokens is None or fields is None:
        return None
    starts, ends = tokens
    letters = np.frombuffer(text, np.uint8)
    columns = {}
    for name, field in fields.items():
        if isinstance(field, bool):
            columns[name] = np.full(len(starts), float(field))
            continue
        parts = [
            parse_numbers(letters, starts[:, token], ends[:, token])
            for token in np.atleast_1d(field)
        ]
        if not all(valid.all() for _, valid in parts):
            return None
        values = np.stack([value for value, _ in parts], axis=1)
        columns[name] = values if isinstance(field, list) else values[:, 0]
    return columns


def _first_unit(text: bytes) -> tuple[bytes, bytes] | None:
    """The first object and what lies between it and the second."""
    try:
        # Latin-1 keeps one character per byte; only the structure matters.
        _, end = json.JSONDecoder().raw_decode(
            text[:_LONGEST_OBJECT].decode('latin-1')
        )
    except json.JSONDecodeError:
        return None
    separator = _SEPARATOR.match(text, end)
    return separator and (text[:end], separator.group())


def _number_fields(first: bytes) -> dict[str, Field] | None:
    """Which number of the object each field is.

    Every number is replaced by its position, and the result read as JSON.
    """
    positions = iter(range(len(first)))
    numbered = _NUMBER.sub(lambda _: b'%d' % next(positions), first)
    try:
        fields = json.loads(numbered.decode('latin-1'))
    except json.JSONDecodeError:
        return None
    return {
        name: value
        for name, value in fields.items()
        if isinstance(value, int)
        or (
            isinstance(value, list)
            and value
            and all(type(item) is int for item in value)
        )
    }


def _find_tokens(
    text: bytes, unit: bytes
) -> tuple[np.ndarray, np.ndarray] | None:
    """Starts and ends of all numbers, both (objects, numbers per object).

    None unless ``text`` is ``unit`` again and again, but for the digits.
    """
    skeleton, starts, ends = _separate(text)
    unit_skeleton, unit_starts, unit_ends = _separate(unit)
    length, per_object = len(unit_skeleton), len(unit_starts)
    objects, remainder = divmod(len(skeleton), length)
    if remainder or len(starts) != objects * per_object:
        return None
    if not (skeleton.reshape(objects, length) == unit_skeleton).all():
        return None
    # The numbers must also stand at the same places between the letters.
    starts, ends = (
        side.reshape(objects, per_object) for side in (starts, ends)
    )
    shifts = np.arange(objects)[:, None] * length
    if not np.array_equal(
        _letters_before(starts, ends),
        _letters_before(unit_starts, unit_ends) + shifts,
    ):
        return None
    return starts, ends


def _separate(text: bytes) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What is no number, and the start and end of each number."""
    letters = np.frombuffer(text, np.uint8)
    is_number = _IS_NUMBER[letters]
    # The text begins with a brace and ends with one or with a separator.
    edges = np.flatnonzero(is_number[1:] != is_number[:-1]) + 1
    return letters[~is_number], edges[::2], edges[1::2]


def _letters_before(starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """How many characters that belong to no number precede each number."""
    lengths = (ends - starts).ravel()
    return starts - (np.cumsum(lengths) - lengths).reshape(starts.shape)
