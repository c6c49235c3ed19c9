"""Checks of arguments, once, at the door: "X must be Y, but got Z".

Each returns the value in its plain Python type, so that a class can write
``self.num = checks.positive_integer('num', num)``. A whole number is anything
that counts: ``int`` or a NumPy integer, never a bool. All raise ValueError.
"""

import math
from collections.abc import Iterable, Sequence
from numbers import Integral, Real
from pathlib import Path
from typing import Any


def is_integer(value: Any) -> bool:
    """Whether it is an ``int`` or a NumPy integer, and not a bool."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def integer(name: str, value: Any, least: int) -> int:
    """An integer of at least ``least``."""
    if not is_integer(value) or value < least:
        wanted = f'an integer of at least {least}'
        wanted = 'a positive integer' if least == 1 else wanted
        raise _refused(name, wanted, value)
    return int(value)


def positive_integer(name: str, value: Any) -> int:
    """An integer of at least 1."""
    return integer(name, value, 1)


def positive_integers(name: str, value: Any) -> tuple[int, ...]:
    """One positive integer or several, as a tuple without repeats, sorted."""
    values = [value] if is_integer(value) else _listed(value)
    if not values or not all(is_integer(v) and v > 0 for v in values):
        raise _refused(name, 'one or more positive integers', value)
    return tuple(sorted({int(v) for v in values}))


def size(name: str, value: Any) -> tuple[int, int]:
    """One positive integer for both sides, or (width, height)."""
    pair = [value, value] if is_integer(value) else _listed(value)
    if len(pair) != 2 or not all(is_integer(v) and v > 0 for v in pair):
        wanted = 'a positive integer or two of them, (width, height)'
        raise _refused(name, wanted, value)
    return int(pair[0]), int(pair[1])


def number(name: str, value: Any, interval: str) -> float:
    """A number inside an interval such as '[0, 1]', '(0, 1]' or '[1, inf)'."""
    low, high = (float(end) for end in interval[1:-1].split(','))
    fits = isinstance(value, Real) and not isinstance(value, bool)
    fits = fits and not math.isnan(value)
    fits = fits and (value > low or (value == low and interval[0] == '['))
    fits = fits and (value < high or (value == high and interval[-1] == ']'))
    if not fits:
        raise _refused(name, f'a number in {interval}', value)
    return float(value)


def choice(name: str, value: Any, options: Iterable[Any]) -> Any:
    """One of the options."""
    options = list(options)
    if value not in options:
        listed = ', '.join(map(repr, options))
        raise _refused(name, f'one of {listed}', value)
    return value


def suffix(name: str, value: Any, endings: Sequence[str]) -> Path:
    """A path whose name ends, in any case, with one of ``endings``."""
    path = Path(value)
    if path.suffix.lower() not in endings:
        listed = ', '.join(endings)
        raise ValueError(f'{name} must end with {listed}, but got {value}.')
    return path


def _listed(value: Any) -> list:
    is_list = isinstance(value, Sequence) and not isinstance(value, str)
    return list(value) if is_list else []


def _refused(name: str, wanted: str, value: Any) -> ValueError:
    return ValueError(f'{name} must be {wanted}, but got {value!r}.')
