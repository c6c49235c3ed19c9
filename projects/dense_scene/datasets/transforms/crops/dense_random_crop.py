"""A random crop that cuts few objects."""

from numbers import Integral, Real

import numpy as np
from mmcv.transforms.utils import cache_randomness
from mmdet.registry import TRANSFORMS

from .snap_window import snap_window
from .window_crop import WindowCrop

# Windows drawn until one has an object. Were half of them empty, one image in
# a thousand would be passed over.
ATTEMPTS = 10


@TRANSFORMS.register_module()
class DenseRandomCrop(WindowCrop):
    """A random window whose edges make way for the objects.

    The rule: draw the place of a window of ``crop_size`` uniformly, as
    mmdet's ``RandomCrop`` does. Then move each of its edges that is not on
    the border of the image inwards, by at most ``snap`` of the side, to where
    the window cuts the fewest objects; of equal places take the nearest
    (:func:`snap_window`: top, bottom, left, right). Ignored objects are not
    looked at. If no object is to be kept, draw again, ten times in all.

    So the window is never larger than ``crop_size``, its place is as random
    as before but for ``snap``, and it never cuts more objects than it did.
    Rows that stand apart are not cut at all if the gap is within reach.
    With ``min_visible``, ``cut`` and ``allow_negative`` as in
    :class:`WindowCrop`.

    Differs from mmdet's ``RandomCrop``: that leaves the edges where they
    fall, and keeps every sliver of a box that reaches into the crop as an
    object. From ``MinIoURandomCrop``: that asks *every* object in the image
    for its overlap with the crop, which hundreds of objects never grant.

    Args:
        crop_size (tuple): Width and height: whole numbers are pixels (a
            longer side than the image's becomes the image's), floats in
            (0, 1] parts of the image's sides.
        snap (float): How far an edge may move, as a part of the window's
            side, in [0, 0.5). 0 moves none. Defaults to 0.1.
        kwargs: Of :class:`WindowCrop`.

    Raises:
        ValueError: If an argument is out of range.

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
        if not isinstance(snap, Real) or not 0 <= snap < 0.5:
            raise ValueError(
                "snap must be a part of the window's side, at least 0 and "
                f'below 0.5, but got {snap!r}.'
            )
        self.crop_size = _check_crop_size(crop_size)
        self.snap = snap

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
        for _ in range(ATTEMPTS):
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

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(crop_size={self.crop_size}, '
            f'snap={self.snap}, min_visible={self.min_visible}, '
            f'cut={self.cut!r}, allow_negative={self.allow_negative})'
        )


def _check_crop_size(value: tuple) -> tuple:
    if isinstance(value, (tuple, list)) and len(value) == 2:
        if all(
            isinstance(part, Integral)
            and not isinstance(part, bool)
            and part >= 1
            for part in value
        ):
            return int(value[0]), int(value[1])
        if all(isinstance(part, float) and 0 < part <= 1 for part in value):
            return float(value[0]), float(value[1])
    raise ValueError(
        'crop_size must be (width, height), two whole numbers of pixels or '
        f'two floats above 0 and at most 1, but got {value!r}.'
    )
