"""Ids of any kind as 64-bit numbers."""

import hashlib
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

_NUMBER = re.compile(r'0|-?[1-9][0-9]{0,18}')
_RANGE = range(-(2**63), 2**63)


def number_id(value: Any) -> int:
    """The number of one id: 64 bits, the same in every file and process.

    An integer of 64 bits, also as text (``'7'``), is its own number. Any
    other text (``'007'``, a name, a UUID, an integer of 128 bits) has the
    negative number ``-1 - h``, where h is 63 bits of its SHA-256: two ids of
    a million differ but for 1 in 10 million data sets.

    ValueError for what is neither an integer nor a text.
    """
    if isinstance(value, (float, np.floating)) and value == value // 1:
        value = int(value)
    if isinstance(value, (bool, np.bool_)) or not isinstance(
        value, (int, np.integer, str)
    ):
        shown = str(value)[:80]
        raise ValueError(f'must be an integer or a text, but got {shown!r}')
    text = str(value)
    if _NUMBER.fullmatch(text) and int(text) in _RANGE:
        return int(text)
    digest = hashlib.sha256(text.encode(errors='surrogatepass')).digest()
    return -1 - (int.from_bytes(digest[:8], 'big') >> 1)


def number_ids(values: Sequence | np.ndarray, what: str) -> np.ndarray:
    """:func:`number_id` of a column, (N,) int64; ``what`` is for the error."""
    if isinstance(values, np.ndarray) and values.dtype.kind == 'i':
        return values.reshape(-1).astype(np.int64, copy=False)
    items = np.asarray(values, object).reshape(-1).tolist()
    known: dict[Any, int] = {}
    try:
        if all(type(item) is int for item in items):
            return np.array(items, np.int64)
    except OverflowError:
        pass
    try:
        for item in items:
            if item not in known:
                known[item] = number_id(item)
    except (TypeError, ValueError) as error:
        fault = str(error) if isinstance(error, ValueError) else 'must be ids'
        raise ValueError(f'{what} {fault}.') from None
    return np.array([known[item] for item in items], np.int64)
