"""Checks what a caller asks of the renderer, before any work is done."""

from numbers import Integral

from .layout import MIN_PRODUCT_AREA, capacity

MIN_SIDE = 128


def check_size(size: int | tuple[int, int]) -> tuple[int, int]:
    """Return width and height of the image.

    Raises:
        TypeError: If ``size`` is not an integer or two of them.
        ValueError: If a side is too short for a shelf.
    """
    pair = (size, size) if isinstance(size, Integral) else size
    if (
        not isinstance(pair, (tuple, list))
        or len(pair) != 2
        or not all(isinstance(side, Integral) for side in pair)
    ):
        raise TypeError(
            'size must be an integer of pixels or (width, height), '
            f'but got {size!r}.'
        )
    if min(pair) < MIN_SIDE:
        raise ValueError(
            f'size must be at least {MIN_SIDE} pixels a side, but got '
            f'{size!r}; products would be specks. Render larger, then '
            'scale down.'
        )
    return int(pair[0]), int(pair[1])


def check_objects(
    objects: tuple[int, int] | None, size: tuple[int, int]
) -> tuple[int, int] | None:
    """Return the fewest and the most objects of an image, or None.

    Raises:
        TypeError: If ``objects`` is not two integers.
        ValueError: If they are out of order or too many for ``size``.
    """
    if objects is None:
        return None
    if (
        not isinstance(objects, (tuple, list))
        or len(objects) != 2
        or not all(isinstance(part, Integral) for part in objects)
    ):
        raise TypeError(
            'objects must be (fewest, most), two integers, but got '
            f'{objects!r}; leave it out for the counts of SKU-110K.'
        )
    low, high = (int(part) for part in objects)
    if not 1 <= low <= high:
        raise ValueError(
            'objects must be (fewest, most) with 1 <= fewest <= most, but '
            f'got {objects!r}.'
        )
    if high > capacity(size):
        raise ValueError(
            f'objects must be at most {capacity(size)} for an image of '
            f'{size[0]} x {size[1]} pixels ({MIN_PRODUCT_AREA} pixels '
            f'each), but got {objects!r}; ask for fewer or for a larger '
            'size.'
        )
    return low, high


def check_number(name: str, value: int, least: int = 0) -> None:
    """Refuse what is not an integer, or too small.

    Raises:
        TypeError: If ``value`` is not an integer.
        ValueError: If it is less than ``least``.
    """
    if not isinstance(value, Integral) or isinstance(value, bool):
        raise TypeError(f'{name} must be an integer, but got {value!r}.')
    if value < least:
        raise ValueError(f'{name} must be at least {least}, but got {value}.')
