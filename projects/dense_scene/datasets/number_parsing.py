"""Decimal numbers out of text, many at a time."""

import numpy as np

_ZERO, _DOT, _MINUS = b'0.-'
# Every integer of 15 digits and every power of ten up to 10**22 is an exact
# float64, so that one division gives the correctly rounded value: the same
# as float() on the same characters.
_MAX_DIGITS = 15


def parse_numbers(
    text: np.ndarray, starts: np.ndarray, ends: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Parse plain decimal numbers: ``12``, ``-3``, ``4.25``.

    Written for annotation files, where a million such numbers must not
    become a million Python objects. Anything else (an exponent, more than
    15 digits, an empty or non-numeric piece) is not an error here: it is
    reported in the mask, for the caller to read or to refuse.

    Args:
        text (np.ndarray): The characters, (L,) uint8.
        starts (np.ndarray): Where each number begins, (N,) integer.
        ends (np.ndarray): One past where each number ends, (N,) integer.

    Returns:
        tuple[np.ndarray, np.ndarray]: The values, (N,) float64, equal to
        ``float()`` of the same text, and which of them are valid, (N,) bool.

    Example:
        >>> text = np.frombuffer(b'12,-4.5,x', np.uint8)
        >>> parse_numbers(text, np.array([0, 3, 8]), np.array([2, 7, 9]))
        (array([12. , -4.5,  0. ]), array([ True,  True, False]))
    """
    whole, valid = _parse_digits(text, starts, ends)
    values = np.where(valid, whole, 0).astype(np.float64)
    rest = np.flatnonzero(~valid & (ends > starts))
    if rest.size:
        values[rest], valid[rest] = _parse_signed(
            text, starts[rest], ends[rest]
        )
    return values, valid


def _parse_digits(
    text: np.ndarray, starts: np.ndarray, ends: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Digits only; from the last to the first, so that the power is known."""
    width = ends - starts
    values = np.zeros(len(starts), np.int64)
    valid = (width > 0) & (width <= _MAX_DIGITS)
    for place in range(min(int(width.max(initial=0)), _MAX_DIGITS)):
        # Below '0' wraps around to above 9, as the type is unsigned.
        digit = text[np.maximum(ends - 1 - place, 0)] - np.uint8(_ZERO)
        inside = place < width
        valid &= ~inside | (digit < 10)
        values += np.where(inside, digit, 0).astype(np.int64) * 10**place
    return values, valid


def _parse_signed(
    text: np.ndarray, starts: np.ndarray, ends: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """An optional minus, digits, and optionally a point and more digits."""
    negative = text[starts] == _MINUS
    starts = starts + negative
    dots = np.append(np.flatnonzero(text == _DOT), len(text))
    dot = np.minimum(dots[np.searchsorted(dots, starts)], ends)
    has_dot = dot < ends
    whole, whole_valid = _parse_digits(text, starts, dot)
    part, part_valid = _parse_digits(text, dot + has_dot, ends)
    places = np.where(has_dot, ends - dot - 1, 0)
    valid = whole_valid & (part_valid | ~has_dot)
    valid &= dot - starts + places <= _MAX_DIGITS
    power = 10 ** np.where(valid, places, 0)
    values = np.where(valid, whole * power + part * has_dot, 0) / power
    # -0.0 is what float() makes of '-0': the sign is kept.
    return np.where(negative, -values, values), valid
