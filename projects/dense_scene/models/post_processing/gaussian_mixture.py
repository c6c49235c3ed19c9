"""A mixture of Gaussians of the plane, fitted to another one."""

from typing import NamedTuple

import numpy as np


class Gaussians(NamedTuple):
    """Weights, means and covariances of a mixture, each row (G, )."""

    weight: np.ndarray
    x: np.ndarray
    y: np.ndarray
    xx: np.ndarray
    yy: np.ndarray
    xy: np.ndarray

    def distances(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Squared Mahalanobis distances of (N, ) points, (G, N)."""
        dx, dy = x - self.x[:, None], y - self.y[:, None]
        xx, yy, xy = (part[:, None] for part in _inverse(self))
        return xx * dx * dx + yy * dy * dy + 2 * xy * dx * dy


def fit_mixture(
    detections: Gaussians,
    owner: np.ndarray,
    first: np.ndarray,
    last: np.ndarray,
    max_iter: int,
) -> Gaussians:
    """EM over all groups at once, from the Gaussians of ``owner``.

    Detection i may go to the Gaussians first[i] to last[i] - 1; ``owner``
    is changed to where it goes.
    """
    mixture = _moments(detections, owner, None, last.max(initial=0))
    # Where there is one Gaussian there is nothing to choose.
    chosen = np.flatnonzero(last - first > 1)
    counts = (last - first)[chosen]
    starts = np.append(0, counts.cumsum())
    box = np.repeat(chosen, counts)
    target = np.arange(len(box)) + np.repeat(
        first[chosen] - starts[:-1], counts
    )
    for _ in range(max_iter if len(chosen) else 0):
        cost = _divergence(detections, mixture, box, target)
        least = np.minimum.reduceat(cost, starts[:-1])
        hits = np.flatnonzero(cost == np.repeat(least, counts))
        nearest = target[hits[np.searchsorted(hits, starts[:-1])]]
        if np.array_equal(nearest, owner[chosen]):
            break
        owner[chosen] = nearest
        mixture = _moments(detections, owner, mixture, len(mixture.weight))
    return mixture


def _moments(
    detections: Gaussians,
    owner: np.ndarray,
    before: Gaussians | None,
    count: int,
) -> Gaussians:
    """The M step. A Gaussian that nothing went to stays as it was before."""

    def mean(values: np.ndarray) -> np.ndarray:
        total = np.bincount(owner, detections.weight * values, count)
        return np.divide(total, weight, np.zeros(count), where=weight > 0)

    weight = np.bincount(owner, detections.weight, count)
    x, y = mean(detections.x), mean(detections.y)
    dx, dy = detections.x - x[owner], detections.y - y[owner]
    fitted = Gaussians(
        weight,
        x,
        y,
        mean(detections.xx + dx * dx),
        mean(detections.yy + dy * dy),
        mean(dx * dy),
    )
    if before is None:
        return fitted
    return Gaussians(
        *(np.where(weight > 0, new, old) for new, old in zip(fitted, before))
    )


def _divergence(
    detections: Gaussians,
    mixture: Gaussians,
    box: np.ndarray,
    target: np.ndarray,
) -> np.ndarray:
    """2 KL(f || g) of pairs, (P, ), but for what depends on f alone."""
    xx, yy, xy = (part[target] for part in _inverse(mixture))
    determinant = mixture.xx * mixture.yy - mixture.xy**2
    dx = detections.x[box] - mixture.x[target]
    dy = detections.y[box] - mixture.y[target]
    cost = np.log(determinant)[target]
    cost += xx * (detections.xx[box] + dx * dx)
    cost += yy * (detections.yy[box] + dy * dy)
    cost += 2 * xy * dx * dy
    return cost


def _inverse(mixture: Gaussians) -> tuple[np.ndarray, ...]:
    """xx, yy and xy of the inverse covariances."""
    determinant = mixture.xx * mixture.yy - mixture.xy**2
    return (
        mixture.yy / determinant,
        mixture.xx / determinant,
        -mixture.xy / determinant,
    )
