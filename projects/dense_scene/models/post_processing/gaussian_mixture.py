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
        # xx dx^2 + 2 xy dx dy + yy dy^2, with two matrices and no more
        found = xx * dx
        found += 2 * xy * dy
        found *= dx
        dy *= dy
        dy *= yy
        found += dy
        return found


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
    if not len(chosen):
        return mixture
    middle = detections.x.mean(), detections.y.mean()
    features = _features(detections, *middle)
    chosen = chosen[np.argsort(first[chosen], kind='stable')]
    starts = np.flatnonzero(np.diff(first[chosen], prepend=-1))
    groups = np.split(chosen, starts[1:])
    active = [(rows, features[rows]) for rows in groups]
    for _ in range(max_iter):
        weights, changed = _weights(mixture, *middle), []
        for rows, values in active:
            low, high = first[rows[0]], last[rows[0]]
            nearest = low + (values @ weights[:, low:high]).argmin(1)
            if not np.array_equal(nearest, owner[rows]):
                owner[rows] = nearest
                changed.append((rows, values))
        if not changed:
            break
        mixture = _moments(detections, owner, mixture, len(mixture.weight))
        active = changed  # no group depends on another
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


def _features(detections: Gaussians, x: float, y: float) -> np.ndarray:
    """What :func:`_weights` are of, (N, 6)."""
    dx, dy = detections.x - x, detections.y - y
    xx, yy = detections.xx + dx * dx, detections.yy + dy * dy
    return np.stack((np.ones_like(dx), dx, dy, xx, yy, dx * dy), 1)


def _weights(mixture: Gaussians, x: float, y: float) -> np.ndarray:
    """(6, G): features @ weights is 2 KL(f || g) but for what depends on f.

    2 KL is the logarithm of g's determinant and the squared Mahalanobis
    distance, averaged over f, that is a polynomial of f's moments. Around
    (x, y), so that no digits are lost far from the corner of an image.
    """
    xx, yy, xy = _inverse(mixture)
    dx, dy = mixture.x - x, mixture.y - y
    one = np.log(mixture.xx * mixture.yy - mixture.xy**2)
    one += xx * dx * dx + yy * dy * dy + 2 * xy * dx * dy
    slope_x, slope_y = -2 * (xx * dx + xy * dy), -2 * (yy * dy + xy * dx)
    return np.stack((one, slope_x, slope_y, xx, yy, 2 * xy))


def _inverse(mixture: Gaussians) -> tuple[np.ndarray, ...]:
    """xx, yy and xy of the inverse covariances."""
    determinant = mixture.xx * mixture.yy - mixture.xy**2
    return (
        mixture.yy / determinant,
        mixture.xx / determinant,
        -mixture.xy / determinant,
    )
