"""EM-Merger in plain loops, from the paper and its authors' description.

Goldman et al. 2019, section 3.4; how groups and K are found as the published
code does, but for what ``em_merger``'s docstring names. Everything is float64
and of full matrices, nothing is shared with the code under test.
"""

import math

import numpy as np

SAME_OBJECT = 1.3862943611198906  # chi2.ppf(0.5, 2)


def merge(boxes, weights, max_iter=20):
    """Merged boxes and the best detection of each, by falling weight."""
    boxes = [[float(v) for v in box] for box in boxes]
    weights = [float(w) for w in weights]
    mixture = []
    for group in groups(boxes):
        mixture += fit_group(
            [gaussian(boxes[i], weights[i]) for i in group],
            object_count([shrunk(boxes[i]) for i in group]),
            max_iter,
        )
    merged = []
    for _, mean, cov in select(mixture):
        inside = [
            i
            for i, box in enumerate(boxes)
            if mahalanobis(center(box), mean, cov) <= 2.0**2
        ]
        if inside:
            x, y, w, h = np.median(
                [
                    [
                        (boxes[i][0] + boxes[i][2]) / 2,
                        (boxes[i][1] + boxes[i][3]) / 2,
                        boxes[i][2] - boxes[i][0],
                        boxes[i][3] - boxes[i][1],
                    ]
                    for i in inside
                ],
                axis=0,
            )
            best = max(inside, key=lambda i: (weights[i], -i))
            box = [x - w / 2, y - h / 2, x + w / 2, y + h / 2]
            merged.append((box, best))
    merged.sort(key=lambda item: -weights[item[1]])
    return (
        np.array([box for box, _ in merged]).reshape(-1, 4),
        np.array([best for _, best in merged], dtype=int),
    )


def center(box):
    return np.array([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2])


def gaussian(box, weight):
    """Weight, mean, covariance: a quarter of each side."""
    sigma = np.array([box[2] - box[0], box[3] - box[1]]) / 4
    return weight, center(box), np.diag(sigma**2)


def shrunk(box):
    """The box of half the size around the same center."""
    x, y = center(box)
    w, h = (box[2] - box[0]) / 2, (box[3] - box[1]) / 2
    return [x - w / 2, y - h / 2, x + w / 2, y + h / 2]


def groups(boxes):
    """Flood fill over shrunk boxes that overlap."""
    small = [shrunk(box) for box in boxes]
    left, found = set(range(len(boxes))), []
    while left:
        group, todo = [], [min(left)]
        left.discard(todo[0])
        while todo:
            a = small[todo.pop()]
            group.append(small.index(a))
            for i in sorted(left):
                b = small[i]
                wide = min(a[2], b[2]) > max(a[0], b[0])
                if wide and min(a[3], b[3]) > max(a[1], b[1]):
                    left.discard(i)
                    todo.append(i)
        found.append(sorted(group))
    return found


def object_count(small):
    """Covered area by median area; the area cell by cell."""
    xs = sorted({v for box in small for v in (box[0], box[2])})
    ys = sorted({v for box in small for v in (box[1], box[3])})
    covered = 0.0
    for x1, x2 in zip(xs, xs[1:]):
        for y1, y2 in zip(ys, ys[1:]):
            if any(
                b[0] <= x1 and x2 <= b[2] and b[1] <= y1 and y2 <= b[3]
                for b in small
            ):
                covered += (x2 - x1) * (y2 - y1)
    median = np.median([(b[2] - b[0]) * (b[3] - b[1]) for b in small])
    return max(1, min(len(small), int(np.round(covered / median))))


def joined(parts):
    """The Gaussian with the moments of several."""
    weight = sum(w for w, _, _ in parts)
    mean = sum(w * m for w, m, _ in parts) / weight
    cov = sum(w * (c + np.outer(m - mean, m - mean)) for w, m, c in parts)
    return weight, mean, cov / weight


def fit_group(found, count, max_iter):
    """Agglomeration of nearest centers, then EM."""
    mixture = list(found)
    while len(mixture) > count:
        _, i, j = min(
            (math.dist(mixture[i][1], mixture[j][1]), i, j)
            for i in range(len(mixture))
            for j in range(i + 1, len(mixture))
        )
        rest = [g for n, g in enumerate(mixture) if n not in (i, j)]
        mixture = [*rest, joined([mixture[i], mixture[j]])]
    before = math.inf
    for _ in range(max_iter):
        owners = [nearest(f, mixture)[1] for f in found]
        for j in range(count):
            members = [f for f, owner in zip(found, owners) if owner == j]
            if members:
                mixture[j] = joined(members)
        value = sum(f[0] * nearest(f, mixture)[0] for f in found)
        assert value <= before + 1e-9  # EM never climbs
        if before - value <= 1e-10:
            break
        before = value
    return mixture


def nearest(f, mixture):
    return min((kl(f, g), j) for j, g in enumerate(mixture))


def kl(f, g):
    """KL(f || g) of two Gaussians of the plane."""
    inverse = np.linalg.inv(g[2])
    delta = f[1] - g[1]
    return 0.5 * (
        np.log(np.linalg.det(g[2]) / np.linalg.det(f[2]))
        + np.trace(inverse @ f[2])
        + delta @ inverse @ delta
        - 2
    )


def mahalanobis(point, mean, cov):
    delta = point - mean
    return delta @ np.linalg.inv(cov) @ delta


def select(mixture):
    """Heavier Gaussians stand for lighter ones around their center."""
    kept = []
    for g in sorted(mixture, key=lambda g: -g[0]):
        if not any(
            min(
                mahalanobis(g[1], other[1], other[2]),
                mahalanobis(other[1], g[1], g[2]),
            )
            <= SAME_OBJECT
            for other in kept
        ):
            kept.append(g)
    return kept
