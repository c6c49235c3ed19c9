"""Soft-NMS where no two boxes share the highest score.

mmcv moves boxes about in its list, which decides between equal scores and
nothing else. Without them the next box is the one of the highest score,
wherever it stands: nothing is moved and nothing dropped.
"""

from collections.abc import Callable

import numpy as np

from portable_ops.soft_nms_pairs import Neighbors

# Of these each is compared with each: the search for neighbors is as slow.
FEW = range(1, 200)
# Neighbors from which on numpy is faster than a loop.
_MANY = 12


def all_overlaps(boxes: np.ndarray, offset: int) -> np.ndarray:
    """The (N, N) IoU of each box with each.

    Args:
        boxes: (5, N), rows x1, y1, x2, y2 and area, none of them empty.
        offset: As in :func:`portable_ops.soft_nms.soft_nms`.
    """
    low, high, area = boxes[:2], boxes[2:4], boxes[4]
    size = np.minimum(high[:, :, None], high[:, None])
    size -= np.maximum(low[:, :, None], low[:, None])
    if offset:
        size += offset
    np.maximum(size, 0, out=size)
    inter = np.multiply(size[0], size[1], out=size[0])
    union = np.add(area[:, None], area, out=size[1])
    union -= inter
    inter /= union
    return inter


def choose_of_few(
    scores: np.ndarray, factors: np.ndarray, min_score: float
) -> tuple[np.ndarray, np.ndarray] | None:
    """Soft-NMS by the (N, N) factors of all pairs; they are changed.

    As :func:`choose_of_linked`.
    """
    factors.flat[:: len(factors) + 1] = 0  # what is chosen falls out

    def lower(box: int) -> None:
        np.multiply(scores, factors[box], scores)

    return _choose(scores, lower, min_score)


def choose_of_linked(
    scores: np.ndarray,
    neighbors: Neighbors,
    factors: np.ndarray,
    min_score: float,
) -> tuple[np.ndarray, np.ndarray] | None:
    """Choose the best, lower its neighbors, and so on.

    Args:
        scores: (N,); changed.
        neighbors: Of N boxes.
        factors: (M,), what a neighbor's score is multiplied with.
        min_score: Boxes below are dropped.

    Returns:
        (K,) indices and scores in the order of choice. None if two boxes
        share the highest score, or if ``min_score`` is not positive.
    """
    value, boxes = memoryview(scores), neighbors.boxes
    starts, others = neighbors.starts.tolist(), boxes.tolist()
    weight = factors.tolist()

    def lower(box: int) -> None:
        value[box] = 0
        start, stop = starts[box], starts[box + 1]
        if stop - start < _MANY:
            for entry in range(start, stop):
                # Stored as float32: rounded like a product of float32.
                value[others[entry]] *= weight[entry]
        else:
            near = boxes[start:stop]
            scores[near] = scores.take(near) * factors[start:stop]

    return _choose(scores, lower, min_score)


def _choose(
    scores: np.ndarray, lower: Callable[[int], None], min_score: float
) -> tuple[np.ndarray, np.ndarray] | None:
    """Take the best while it is good enough; ``lower`` sets it to 0."""
    least = float(scores.dtype.type(min_score))
    if len(scores) == 0 or not least > 0:
        return None
    chosen, index = np.empty_like(scores), np.empty(len(scores), np.int64)
    value, out, at = (memoryview(a) for a in (scores, chosen, index))
    first, from_the_end = scores.argmax, scores[::-1].argmax
    done, last = 0, len(scores) - 1
    while True:
        best = int(first())
        score = value[best]
        if done and score < least:  # the first is not dropped
            return index[:done], chosen[:done]
        if best + int(from_the_end()) != last:
            return None
        out[done], at[done] = score, best
        done += 1
        lower(best)
