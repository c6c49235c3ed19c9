"""COCO's average precision of images that count several times."""

from typing import NamedTuple

import numpy as np

RECALL_POINTS = np.linspace(0, 1, 101)


class WeightedAveragePrecision:
    """Average precision for many choices of weights, from one sorting.

    Source: the COCO protocol: precision at 101 recall points, each the
    largest precision at that recall or a higher one; 0 where the recall is
    not reached. A weight of 2 is a copy of the image whose detections come
    right after the originals, a weight of 0 an image that is not there.

    Precision rises through hits that follow one another, so that only the
    last hit of each run can be the best at a recall. Which hits these are
    does not depend on the weights; nothing else is looked at again.

    Args:
        scores (np.ndarray): (N,), any order; ties keep their order.
        matched (np.ndarray): (T, N) bool, whether a detection found an object
            at each of T IoU thresholds.
        ignored (np.ndarray): (T, N) bool, detections that count neither way.
        images (np.ndarray): (N,) integer, position in the weights.

    Example:
        >>> # Image 0: found, wrong; image 1: found. Without image 0 all of
        >>> # image 1's one object is found.
        >>> scores, images = np.array([0.9, 0.8, 0.7]), np.array([0, 0, 1])
        >>> hits = np.array([[True, False, True]])
        >>> ap = WeightedAveragePrecision(scores, hits, hits & False, images)
        >>> ap(np.array([0, 1]), 1)
        array([1.])
    """

    def __init__(
        self,
        scores: np.ndarray,
        matched: np.ndarray,
        ignored: np.ndarray,
        images: np.ndarray,
    ) -> None:
        order = np.argsort(-scores, kind='stable')
        # NumPy is twice as fast with indices of the size of a pointer.
        self._images = np.asarray(images)[order].astype(np.intp)
        self._curves = [
            self._curve(hits[order], skipped[order])
            for hits, skipped in zip(matched, ignored)
        ]

    def __call__(self, weights: np.ndarray, num_objects: int) -> np.ndarray:
        """Average precision, (T,) float64; -1 if there are no objects.

        Args:
            weights (np.ndarray): (M,) integer, how often each image counts;
                int32 is fastest. Its type must hold the number of detections.
            num_objects (int): How many there are to find, with multiplicity.
        """
        if not num_objects:
            return np.full(len(self._curves), -1.0)
        seen = _count(weights, self._images)
        given = weights, seen, num_objects
        return np.array([_average(curve, *given) for curve in self._curves])

    def _curve(self, matched: np.ndarray, ignored: np.ndarray) -> '_Curve':
        counted = np.flatnonzero(~ignored)
        hit = matched[counted]
        last = hit & ~np.append(hit[1:], False)
        ends = counted[last] + 1
        skipped = np.flatnonzero(ignored)
        return _Curve(
            ends,
            self._images[counted[hit]],
            np.cumsum(hit)[last],
            self._images[skipped],
            np.searchsorted(skipped, ends),
        )


class _Curve(NamedTuple):
    """The ends of the runs of hits at one IoU threshold.

    ``ends``, ``hits_until`` and ``ignored_until`` are (R,): how many
    detections, hits and ignored detections there are up to each end;
    ``hits`` and ``ignored`` are the images of all of these.
    """

    ends: np.ndarray
    hits: np.ndarray
    hits_until: np.ndarray
    ignored: np.ndarray
    ignored_until: np.ndarray


def _count(weights: np.ndarray, images: np.ndarray) -> np.ndarray:
    """Weighted number of detections before each one, and of all."""
    total = np.zeros(len(images) + 1, weights.dtype)
    np.cumsum(weights.take(images), out=total[1:])
    return total


def _average(
    curve: _Curve, weights: np.ndarray, seen: np.ndarray, num_objects: int
) -> float:
    hits = _count(weights, curve.hits)[curve.hits_until]
    seen = seen[curve.ends]
    if len(curve.ignored):
        seen -= _count(weights, curve.ignored)[curve.ignored_until]
    # The summand is pycocotools' and keeps 0 / 0 at 0.
    precision = hits / (seen + np.spacing(1))
    starts = np.searchsorted(hits / num_objects, RECALL_POINTS)
    starts = starts[starts < len(hits)]
    if not len(starts):
        return 0.0
    # The best from one recall point to the next, then from each on.
    best = np.maximum.reduceat(precision, starts)
    best = np.maximum.accumulate(best[::-1])
    return float(best.sum() / len(RECALL_POINTS))
