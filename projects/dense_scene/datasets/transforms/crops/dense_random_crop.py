"""A random crop that cuts few objects."""

import numpy as np
from mmcv.transforms.utils import cache_randomness
from mmdet.registry import TRANSFORMS

from ....utils import checks
from .window_crop import WindowCrop

# Windows drawn until one has an object. Were half of them empty, one image in
# a thousand would be passed over.
_ATTEMPTS = 10
# Bottom and top before left and right: shelves and trays have gaps between
# rows, and what a row loses is not looked at by the edges across it.
_EDGES = (1, 3, 0, 2)


def count_cut(boxes: np.ndarray, window: np.ndarray) -> int:
    """How many (N, 4) boxes lie partly in the (4,) window and partly out.

    A box that only touches it from outside is out, one that touches its edge
    from inside is in.
    """
    touched = (boxes[:, :2] < window[2:]) & (boxes[:, 2:] > window[:2])
    within = (boxes[:, :2] >= window[:2]) & (boxes[:, 2:] <= window[2:])
    return int((touched.all(1) & ~within.all(1)).sum())


def snap_window(
    boxes: np.ndarray,
    window: np.ndarray,
    reach: tuple[float, float],
    size: tuple[int, int],
) -> np.ndarray:
    """Move each edge inwards to where the window cuts the fewest boxes.

    One edge after the other, top, bottom, left, right, to the nearest of the
    places within reach that minimize :func:`count_cut`. An edge on the border
    of the image stays. So the window never grows and never cuts more boxes.

    Args:
        boxes: (N, 4), xyxy, pixels, with area.
        window: (4,), xyxy, integers.
        reach: How far a left or right, and a top or bottom edge may move,
            pixels; each side stays 1 pixel long.
        size: Width and height of the image.

    Example:
        >>> # The right edge, at 18, cuts the second of two boxes; 5 pixels
        >>> # to the left there is a gap
        >>> boxes = np.array([[0, 0, 10, 8], [13, 0, 23, 8]])
        >>> snap_window(boxes, np.array([0, 0, 18, 8]), (6, 6), (40, 8))
        array([ 0,  0, 13,  8])
    """
    boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
    window = np.array(window, np.int64)
    for edge in _EDGES:
        axis, low = edge % 2, edge < 2
        if window[edge] == (0 if low else size[axis]):
            continue
        length = window[axis + 2] - window[axis]
        steps = np.arange(int(min(reach[axis], length - 1)) + 1)
        places = window[edge] + (steps if low else -steps)
        cut = _cut_by_place(boxes, window, edge, places)
        window[edge] = places[cut.argmin()]  # the first, so the nearest
    return window


def _cut_by_place(
    boxes: np.ndarray, window: np.ndarray, edge: int, places: np.ndarray
) -> np.ndarray:
    """``count_cut`` of the window with one edge at each of the places.

    Cut is what the window touches less what it holds. Given the other three
    edges, each of the two is a count of boxes on one side of the place.
    """
    axis, low = edge % 2, edge < 2
    across = 1 - axis
    # Mirrored, the upper edge is a lower one.
    near, far = (
        (boxes[:, axis], boxes[:, axis + 2])
        if low
        else (-boxes[:, axis + 2], -boxes[:, axis])
    )
    at = places if low else -places
    other = window[axis + 2] if low else -window[axis]
    start, end = boxes[:, across], boxes[:, across + 2]
    touched = (
        (start < window[across + 2]) & (end > window[across]) & (near < other)
    )
    held = (
        (start >= window[across])
        & (end <= window[across + 2])
        & (far <= other)
    )
    touched_ends, held_starts = np.sort(far[touched]), np.sort(near[held])
    return (touched.sum() - touched_ends.searchsorted(at, 'right')) - (
        held.sum() - held_starts.searchsorted(at, 'left')
    )


@TRANSFORMS.register_module()
class DenseRandomCrop(WindowCrop):
    """A random window whose edges make way for the objects.

    The place of a window of ``crop_size`` is drawn uniformly, as mmdet's
    ``RandomCrop`` does. Then :func:`snap_window` moves its edges inwards, by
    at most ``snap`` of the side, to where they cut the fewest objects;
    ignored ones do not count. If no object is to be kept, draw again, ten
    times in all. Rows that stand apart are not cut at all if the gap is
    within reach.

    Differs from mmdet's ``RandomCrop``: that keeps every sliver of a box that
    reaches into the crop as an object. From ``MinIoURandomCrop``: that asks
    *every* object for its overlap, which hundreds of objects never grant.

    Args:
        crop_size (tuple): Width and height: integers are pixels (a longer
            side than the image's becomes the image's), floats in (0, 1]
            shares of the image's sides.
        snap (float): How far an edge may move, as a share of the window's
            side, in [0, 0.5). 0 moves none. Defaults to 0.1.
        kwargs: Of :class:`WindowCrop`.

    Example:
        >>> crop = dict(type='DenseRandomCrop', crop_size=(1200, 1200))
    """

    def __init__(
        self,
        crop_size: tuple[int, int] | tuple[float, float],
        snap: float = 0.1,
        **kwargs,
    ) -> None:
        super().__init__(**kwargs)
        self.crop_size = _check_crop_size(crop_size)
        self.snap = checks.number('snap', snap, '[0, 0.5)')

    def choose_window(
        self, boxes: np.ndarray, counts: np.ndarray, size: tuple[int, int]
    ) -> np.ndarray | None:
        """Draw windows until one has an object to keep."""
        solid = boxes[counts & (boxes[:, 2:] > boxes[:, :2]).all(axis=1)]
        if not len(solid) and not self.allow_negative:
            return None
        sides = [
            min(part, side)
            if isinstance(part, int)
            else max(1, round(part * side))
            for part, side in zip(self.crop_size, size)
        ]
        reach = tuple(self.snap * side for side in sides)
        for _ in range(_ATTEMPTS):
            start = self._draw(size[0] - sides[0], size[1] - sides[1])
            window = snap_window(
                solid, np.add([*start, *start], [0, 0, *sides]), reach, size
            )
            if self.has_object(boxes, counts, window[None])[0]:
                return window
        return None

    @cache_randomness
    def _draw(self, free_x: int, free_y: int) -> tuple[int, int]:
        return (np.random.randint(free_x + 1), np.random.randint(free_y + 1))


def _check_crop_size(value: tuple) -> tuple:
    if isinstance(value, (tuple, list)) and len(value) == 2:
        if all(checks.is_integer(part) and part >= 1 for part in value):
            return int(value[0]), int(value[1])
        if all(isinstance(part, float) and 0 < part <= 1 for part in value):
            return tuple(value)
    raise ValueError(
        'crop_size must be (width, height), two positive integers or two '
        f'floats in (0, 1], but got {value!r}.'
    )
