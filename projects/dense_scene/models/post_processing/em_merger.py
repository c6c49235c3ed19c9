"""EM-Merger: several detections of an object become one.

Step by step: detections that touch when shrunk to half their size form a
group; the area that a group covers tells how many objects it holds; so many
Gaussians are fitted to those of its detections.
"""

import numpy as np
import torch
from torch import Tensor

from .gaussian_mixture import Gaussians, fit_mixture
from .object_groups import agglomerate, count_objects, find_groups

# A Gaussian's standard deviation, of the side of its box (Goldman et al.,
# section 3.4): one of them to each side is the box of half the size.
SIGMA = 1 / 4
# Squared Mahalanobis distance of the ellipse that holds half of a Gaussian:
# no other center may lie in it. chi2.ppf(0.5, 2) in the published code.
SAME_OBJECT = 2 * np.log(2)
# The same of the ellipse of two standard deviations.
MEMBERS = 4.0
# Keeps groups whose weights are all 0 defined.
_LEAST_WEIGHT = 1e-6


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
    sides = boxes[:, 2:] - boxes[:, :2]
    center = boxes[:, :2] + sides / 2
    shrunk = np.hstack((center - SIGMA * sides, center + SIGMA * sides))
    group = find_groups(shrunk, labels)
    owner, first = _start(shrunk, center, alpha, group)
    (x, y), (xx, yy) = center.T, (SIGMA * sides.T) ** 2
    detections = Gaussians(alpha, x, y, xx, yy, np.zeros(len(boxes)))
    mixture = fit_mixture(
        detections, owner, first[group], first[group + 1], max_iter
    )
    one_of_each = np.unique(group, return_index=True)[1]
    label = np.repeat(labels[one_of_each], np.diff(first))
    kept = _select(mixture, label)
    mixture, label = Gaussians(*(part[kept] for part in mixture)), label[kept]
    inside = mixture.distances(*center.T) <= MEMBERS
    inside &= label[:, None] == labels
    return _median_boxes(inside, center, sides, scores)


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


def _median_boxes(
    inside: np.ndarray,
    center: np.ndarray,
    sides: np.ndarray,
    scores: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """The box of each Gaussian and its best detection, by falling score.

    Args:
        inside (np.ndarray): (G, N), whether a Gaussian holds a detection. One
            that holds none gives no box.
        center, sides, scores (np.ndarray): (N, 2), (N, 2), (N, ).
    """
    members = [np.flatnonzero(row) for row in inside if row.any()]
    if not members:
        return np.empty((0, 4)), np.empty(0, np.int64)
    places = np.hstack((center, sides))
    median = np.stack([np.median(places[rows], 0) for rows in members])
    middle, size = median[:, :2], median[:, 2:]
    best = np.array([rows[scores[rows].argmax()] for rows in members])
    order = np.argsort(-scores[best], kind='stable')
    found = np.hstack((middle - size / 2, middle + size / 2))
    return found[order], best[order]
