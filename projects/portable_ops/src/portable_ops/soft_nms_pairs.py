"""Soft-NMS by the pairs that overlap enough.

A box lowers the scores of those it overlaps, in a scene of many objects a few
of thousands. They are found beforehand, in one sweep along an axis; choosing
then takes a search for the largest score and a few products for each box.
"""

from collections.abc import Iterator

import numpy as np

# Candidates of the sweep that are compared at once: in the cache, and few
# enough that their indices need no memory to speak of.
_AT_ONCE = 1 << 16
# Pairs per box above which comparing each box with all is as fast.
_MOST_PAIRS = 64
# Neighbors from which on numpy is faster than a loop.
_MANY = 24


class Neighbors:
    """For each box the others that it overlaps, and their overlaps.

    Attributes:
        starts: (N + 1,) int64, the rows of box i are starts[i]:starts[i + 1].
        boxes: (M,) int64, each pair twice.
        overlaps: (M,) floating.
    """

    def __init__(
        self, first: np.ndarray, second: np.ndarray, overlaps: np.ndarray, num
    ) -> None:
        owners = np.concatenate([first, second])
        # numpy sorts 16 bits by counting.
        key = owners.astype(np.uint16) if num <= 1 << 16 else owners
        order = np.argsort(key, kind='stable')
        self.starts = np.zeros(num + 1, np.int64)
        np.cumsum(np.bincount(owners, minlength=num), out=self.starts[1:])
        self.boxes = np.concatenate([second, first])[order]
        self.overlaps = np.concatenate([overlaps, overlaps])[order]


def find_neighbors(
    boxes: np.ndarray, least: float, offset: int
) -> Neighbors | None:
    """Pairs whose IoU is at least ``least``, or above 0 if that is 0.

    Args:
        boxes: (5, N), rows x1, y1, x2, y2 and area, all finite, no empty box.
        least: Not negative.
        offset: As in :func:`portable_ops.soft_nms.soft_nms`.

    Returns:
        None if there are too many of them.
    """
    num = boxes.shape[1]
    order, meeting = find_meeting(boxes, offset)
    boxes = boxes[:, order]
    parts, left = [], _MOST_PAIRS * num
    for pairs in meeting:
        parts.append(_overlapping(boxes, *pairs, least, offset))
        left -= len(parts[-1][0])
        if left < 0:
            return None
    first, second, overlaps = (np.concatenate(part) for part in zip(*parts))
    return Neighbors(order[first], order[second], overlaps, num)


def find_meeting(
    boxes: np.ndarray, offset: int
) -> tuple[np.ndarray, Iterator[tuple[np.ndarray, np.ndarray]]]:
    """Pairs of boxes that meet.

    Args:
        boxes: (4 or more, N), rows x1, y1, x2 and y2, all finite.
        offset: Added to each side.

    Returns:
        (N,) int64, an order of the boxes, and an iterator over parts of the
        pairs: (P,) places of the one and of the other in that order.
    """
    sweeps = [_sweep(boxes[axis], boxes[axis + 2], offset) for axis in (0, 1)]
    axis = int(sweeps[1][1].sum() < sweeps[0][1].sum())
    order, counts = sweeps[axis]
    edges = boxes[1 - axis : 4 : 2, order]
    chunks = np.cumsum(counts) // _AT_ONCE
    cuts = (np.flatnonzero(np.diff(chunks)) + 1).tolist()
    bounds = zip([0, *cuts], [*cuts, len(order)])
    return order, (
        _meeting(edges, start, counts[start:stop], offset)
        for start, stop in bounds
    )


def _sweep(
    low: np.ndarray, high: np.ndarray, offset: int
) -> tuple[np.ndarray, np.ndarray]:
    """Boxes by their lower edge; how many of those after it each meets."""
    order = np.argsort(low)
    low = low[order]
    stops = np.searchsorted(low, high[order] + offset, side='right')
    # At least itself, whatever rounding makes of its edges.
    return order, np.maximum(stops - np.arange(1, len(order) + 1), 0)


def _meeting(
    edges: np.ndarray, start: int, counts: np.ndarray, offset: int
) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of the sweep that meet on the other axis, too.

    Args:
        edges: (2, N), rows low and high of the other axis.
        start: The first box.
        counts: How many after it and each of the next are candidates.
    """
    low, high = edges
    own = np.arange(start, start + len(counts))
    first = np.repeat(own, counts)
    second = np.arange(len(first))
    second += np.repeat(own + 1 - (np.cumsum(counts) - counts), counts)
    part = slice(start, start + len(counts))
    meet = low[second] < np.repeat(high[part] + offset, counts)
    meet &= high[second] > np.repeat(low[part] - offset, counts)
    found = np.flatnonzero(meet)
    return first[found], second[found]


def _overlapping(
    boxes: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    least: float,
    offset: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Those of the pairs whose IoU is enough, and it."""
    one, two = boxes.take(first, 1), boxes.take(second, 1)
    size = np.minimum(one[2:4], two[2:4]) - np.maximum(one[:2], two[:2])
    size += boxes.dtype.type(offset)
    inter = np.multiply(*np.maximum(size, 0, out=size))
    overlaps = inter / (one[4] + two[4] - inter)
    enough = overlaps >= boxes.dtype.type(least) if least else overlaps > 0
    found = np.flatnonzero(enough)
    return first[found], second[found], overlaps[found]


def suppress(
    scores: np.ndarray,
    neighbors: Neighbors,
    factors: np.ndarray,
    min_score: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Choose the best, lower its neighbors, drop the poor, and so on.

    Boxes change places as in mmcv, which decides between equal scores: the
    chosen one with the first that is not yet chosen; the last one fills the
    place of a dropped one, from the first place on.

    Args:
        scores: (N,), by place; changed.
        neighbors: Of N boxes.
        factors: (M,), what a neighbor's score is multiplied with.
        min_score: Boxes below are dropped.

    Returns:
        (K,) indices and scores in the order of choice.
    """
    num = len(scores)
    least = scores.dtype.type(min_score)
    box_at, place_of = np.arange(num), np.arange(num)
    places = _Places(scores, box_at, place_of)
    starts = neighbors.starts.tolist()
    value, place, at = places.value, places.place_of, places.box_at
    others, weight = neighbors.boxes.tolist(), factors.tolist()
    done, alive, floor = 0, num, float(least)
    while done < alive:
        best = done + int(scores[done:alive].argmax())
        box = at[best]
        if best != done:
            places.swap(done, best)
        done += 1
        start, stop = starts[box], starts[box + 1]
        low = []
        if stop - start < _MANY:
            for entry in range(start, stop):
                where = place[others[entry]]
                if done <= where < alive:
                    # Stored as float32: rounded like a product of float32.
                    value[where] *= weight[entry]
                    if value[where] < floor:
                        low.append(where)
        else:
            where = place_of[neighbors.boxes[start:stop]]
            there = (where >= done) & (where < alive)
            where = where[there]
            scores[where] *= factors[start:stop][there]
            low = where[scores[where] < least].tolist()
        if done == 1:  # those that are below from the start
            low = (np.flatnonzero(scores[1:] < least) + 1).tolist()
        if low:
            alive = places.drop(sorted(low), alive)
    return box_at[:alive], scores[:alive]


class _Places:
    """Which box is where. Memory views: they read a number faster."""

    def __init__(
        self, scores: np.ndarray, box_at: np.ndarray, place_of: np.ndarray
    ) -> None:
        self.value = memoryview(scores)
        self.box_at, self.place_of = memoryview(box_at), memoryview(place_of)

    def swap(self, one: int, two: int) -> None:
        value, at, place = self.value, self.box_at, self.place_of
        value[one], value[two] = value[two], value[one]
        at[one], at[two] = at[two], at[one]
        place[at[one]], place[at[two]] = one, two

    def drop(self, low: list[int], alive: int) -> int:
        """Fill places, ascending, from the end; returns how many stay."""
        value, at, place = self.value, self.box_at, self.place_of
        kept, last, gone = alive - len(low), alive - 1, set(low)
        for hole in low:
            place[at[hole]] = len(at)  # nowhere
        for hole in low:
            if hole >= kept:
                break
            while last in gone:
                last -= 1
            value[hole], at[hole] = value[last], at[last]
            place[at[hole]] = hole
            last -= 1
        return kept
