"""EM-Merger: several detections of an object become one.

Step by step: detections that touch when shrunk to half their size form a
group; the area that a group covers tells how many objects it holds; so many
Gaussians are fitted to those of its detections.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ...utils.boxes import box_areas, overlapping_pairs

# A Gaussian's standard deviation, of the side of its box (Goldman et al.,
# section 3.4); the box shrunk to two of them to each side has half the size.
SIGMA = 1 / 4
# Squared Mahalanobis distance of the ellipse that holds half of a Gaussian:
# no other center may lie in it. chi2.ppf(0.5, 2) in the published code.
SAME_OBJECT = 2 * np.log(2)
# The same of the ellipse of two standard deviations.
MEMBERS = 4.0
# Keeps groups whose weights are all 0 defined.
_LEAST_WEIGHT = 1e-6


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


@torch.no_grad()
def em_merger(
    boxes: Tensor,
    weights: Tensor,
    labels: Tensor | None = None,
    scores: Tensor | None = None,
    max_iter: int = 20,
) -> tuple[Tensor, Tensor]:
    r"""Merge the detections of one image by a mixture of Gaussians.

    Source: section 3.4 of `Precise Detection in Densely Packed Scenes
    <https://arxiv.org/abs/1904.00853>`_. A detection is a Gaussian around its
    center, with standard deviations of a quarter of its sides and its
    Soft-IoU as weight :math:`\alpha_i`. K Gaussians are fitted by EM, so that

    .. math::
        \sum_i \alpha_i \min_j KL(f_i \| g_j)

    falls: each f goes to the nearest g, each g becomes the Gaussian with the
    moments of its f. It starts from the agglomeration of nearest centers. Of
    two g, one with its center within the half-mass ellipse of the other, the
    lighter one goes. The box of a g has the median center and sides of all
    detections whose center is within two standard deviations of it.

    The paper fits one K to the image; as in the authors' code
    (github.com/eg4000/SKU110K_CVPR19) each group of touching detections has
    its own, the area that its boxes, halved in size, cover by their median
    area. Differs from that code in what is no part of the paper: areas are
    exact, where it counts pixels of a picture; no group is cut at 100
    objects; one with as many objects as detections, which is dropped there,
    is kept as it is; equal centers are merged; KL is of the whole covariance;
    and no NMS follows.

    Args:
        boxes (Tensor): (N, 4), xyxy, pixels. Those without area are dropped.
        weights (Tensor): (N, ), Soft-IoU, 0 to 1.
        labels (Tensor, optional): (N, ). Each label is merged by itself.
        scores (Tensor, optional): (N, ), what tells the best detection of a
            merged one. Defaults to ``weights``.
        max_iter (int): Most rounds of EM. Defaults to 20, as published.

    Returns:
        tuple[Tensor, Tensor]: Merged boxes, (K, 4), and the index of the
        best of the detections behind each, (K, ), by falling score of it.
    """
    found = boxes.detach().cpu().double().numpy().reshape(-1, 4)
    alpha, score, label = (
        np.zeros(len(found))
        if one is None
        else one.detach().cpu().double().numpy()
        for one in (weights, weights if scores is None else scores, labels)
    )
    sides = found[:, 2:] - found[:, :2]
    usable = np.flatnonzero((sides > 0).all(1) & np.isfinite(found).all(1))
    merged, best = _merge(
        found[usable],
        alpha[usable].clip(_LEAST_WEIGHT),
        label[usable],
        score[usable],
        max_iter,
    )
    return boxes.new_tensor(merged), torch.as_tensor(
        usable[best], device=boxes.device
    )


def _merge(
    boxes: np.ndarray,
    alpha: np.ndarray,
    labels: np.ndarray,
    scores: np.ndarray,
    max_iter: int,
) -> tuple[np.ndarray, np.ndarray]:
    """:func:`em_merger` of boxes that have an area."""
    center, sides = (
        (boxes[:, :2] + boxes[:, 2:]) / 2,
        boxes[:, 2:] - boxes[:, :2],
    )
    detections = Gaussians(
        alpha, *center.T, *(SIGMA * sides.T) ** 2, np.zeros(len(boxes))
    )
    half = np.hstack((center - sides / 4, center + sides / 4))
    group = _groups(half, labels)
    owner, first = _start(half, center, alpha, group)
    mixture = _fit(detections, owner, first[group], first[group + 1], max_iter)
    one_of_each = np.unique(group, return_index=True)[1]
    label = np.repeat(labels[one_of_each], np.diff(first))
    kept = _select(mixture, label)
    mixture, label = Gaussians(*(part[kept] for part in mixture)), label[kept]
    inside = mixture.distances(*center.T) <= MEMBERS
    inside &= label[:, None] == labels
    found = np.empty((0, 4)), np.empty(0, np.int64)
    rows = [np.flatnonzero(row) for row in inside if row.any()]
    if rows:
        places = np.hstack((center, sides))
        median = np.stack([np.median(places[row], 0) for row in rows])
        middle, size = median[:, :2], median[:, 2:]
        found = (
            np.hstack((middle - size / 2, middle + size / 2)),
            np.array([row[scores[row].argmax()] for row in rows]),
        )
    order = np.argsort(-scores[found[1]], kind='stable')
    return found[0][order], found[1][order]


def _groups(boxes: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Number of the connected component of each overlapping box, (N, )."""
    box, other, _ = overlapping_pairs(boxes, boxes)
    same = labels[box] == labels[other]
    box, other = box[same], other[same]
    starts = np.searchsorted(box, np.arange(len(boxes)))
    group = np.arange(len(boxes))
    while len(boxes):
        # The least number of a box's neighbors, and of that one's.
        least = np.minimum.reduceat(group[other], starts)
        least = least[least]
        if np.array_equal(least, group):
            break
        group = least
    return np.unique(group, return_inverse=True)[1].reshape(-1)


def _start(
    half: np.ndarray, center: np.ndarray, alpha: np.ndarray, group: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The Gaussian that each detection starts in, numbered group by group,
    and the number of the first one of each group and of the end."""
    order = np.argsort(group, kind='stable')
    members = np.split(order, np.flatnonzero(np.diff(group[order])) + 1)
    owner, first = np.zeros(len(half), np.int64), [0]
    for rows in members if len(half) else []:
        count = count_objects(half[rows])
        if count > 1:
            owner[rows] = agglomerate(center[rows], alpha[rows], count)
        owner[rows] += first[-1]
        first.append(first[-1] + count)
    return owner, np.array(first)


def count_objects(boxes: np.ndarray) -> int:
    """The area that (N, 4) boxes cover by their median area, 1 to N."""
    area = np.median(box_areas(boxes))
    low, high = boxes[:, :2].min(0), boxes[:, 2:].max(0)
    # Most groups are one object, which needs no exact area.
    if len(boxes) == 1 or np.prod(high - low) < 1.5 * area:
        return 1
    return int(np.clip(np.round(covered_area(boxes) / area), 1, len(boxes)))


def covered_area(boxes: np.ndarray) -> float:
    """Area of the union of (N, 4) boxes, by a line that sweeps down."""
    xs, column = np.unique(boxes[:, ::2], return_inverse=True)
    left, right = column.reshape(-1, 2).T
    widths, depth = np.diff(xs), np.zeros(len(xs) - 1, np.int32)
    edges = np.concatenate((boxes[:, 1], boxes[:, 3]))
    order = np.argsort(edges)
    heights = np.diff(edges[order], append=edges.max())
    area = 0.0
    for edge, height in zip(order, heights):
        box = edge % len(boxes)
        depth[left[box] : right[box]] += 1 if edge < len(boxes) else -1
        if height:
            area += height * (widths @ (depth > 0))
    return float(area)


def agglomerate(
    points: np.ndarray, weights: np.ndarray, count: int
) -> np.ndarray:
    """Join the two nearest of N points until ``count`` are left.

    A joined point is the weighted mean of its two. Of equal distances that
    of the earliest points counts; a joined point comes last.

    Args:
        points (np.ndarray): (N, 2).
        weights (np.ndarray): (N, ), positive.
        count (int): 1 to N.

    Returns:
        np.ndarray: (N, ), which of the ``count`` each point went to.
    """
    num, total = len(points), 2 * len(points) - count
    place = np.full((2, total), np.inf)
    place[:, :num], mass = points.T, np.zeros(total)
    mass[:num] = weights
    # For each point the nearest of those after it.
    nearest, gap = np.zeros(total, np.int64), np.full(total, np.inf)
    parent = np.arange(total)

    def look(point: int, end: int) -> None:
        delta = place[:, point + 1 : end] - place[:, point, None]
        squared = delta[0] ** 2 + delta[1] ** 2
        if squared.size:
            nearest[point] = point + 1 + (best := squared.argmin())
            gap[point] = squared[best]

    if count < num:
        for point in range(num):
            look(point, num)
    for new in range(num, total):
        pair = [one := gap.argmin(), nearest[one]]
        parent[pair], mass[new] = new, mass[pair].sum()
        place[:, new] = place[:, pair] @ mass[pair] / mass[new]
        place[:, pair], gap[pair] = np.inf, np.inf
        delta = place[:, :new] - place[:, new, None]
        squared = delta[0] ** 2 + delta[1] ** 2
        lost = ((nearest == pair[0]) | (nearest == pair[1])) & (gap < np.inf)
        closer = np.flatnonzero(squared < gap[:new])
        nearest[closer], gap[closer] = new, squared[closer]
        for point in np.flatnonzero(lost):
            look(point, new + 1)
    for point in range(total - 1, -1, -1):
        parent[point] = parent[parent[point]]
    return np.unique(parent[:num], return_inverse=True)[1].reshape(-1)


def _fit(
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


def _select(mixture: Gaussians, labels: np.ndarray) -> np.ndarray:
    """The Gaussians that no heavier one of their label stands for, the
    heaviest first."""
    order = np.argsort(-mixture.weight, kind='stable')
    near = mixture.distances(mixture.x, mixture.y) <= SAME_OBJECT
    near = (near | near.T) & (labels[:, None] == labels)
    kept = np.ones(len(order), bool)
    for one in order:
        if kept[one]:
            kept &= ~near[one]
            kept[one] = True
    return order[kept[order]]
