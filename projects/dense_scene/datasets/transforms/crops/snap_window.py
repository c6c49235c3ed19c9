"""Moves the edges of a window off the objects that they cut."""

import numpy as np

# Bottom and top before left and right: shelves and trays have gaps between
# rows, and what a row loses is not looked at by the edges across it.
_EDGES = (1, 3, 0, 2)


def count_cut(boxes: np.ndarray, window: np.ndarray) -> int:
    """How many boxes lie partly in the window and partly out of it.

    Args:
        boxes (np.ndarray): (N, 4), xyxy.
        window (np.ndarray): (4,), xyxy. A box that only touches it from
            outside is out, one that touches its edge from inside is in.
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

    One edge after the other, top, bottom, left, right. Of equally good places
    the nearest one is taken, which may be where the edge is. An edge on the
    border of the image stays. The window never grows, and never cuts more
    boxes than before: each move minimises :func:`count_cut` exactly, given
    the other three edges, over all whole pixels within reach.

    Args:
        boxes (np.ndarray): (N, 4), xyxy, pixels, with area.
        window (np.ndarray): (4,), xyxy, whole pixels.
        reach (tuple[float, float]): How far a left or right, and a top or
            bottom edge may move, pixels; each side stays 1 pixel long.
        size (tuple[int, int]): Width and height of the image.

    Returns:
        np.ndarray: (4,) int64, xyxy.

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
