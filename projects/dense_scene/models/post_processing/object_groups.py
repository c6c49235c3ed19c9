"""Groups of touching boxes, and how many objects a group is."""

import numpy as np

from ...utils.boxes import box_areas, overlapping_pairs


def find_groups(boxes: np.ndarray, labels: np.ndarray) -> np.ndarray:
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
        one = gap.argmin()
        pair = [one, nearest[one]]
        parent[pair], mass[new] = new, mass[pair].sum()
        place[:, new] = place[:, pair] @ mass[pair] / mass[new]
        place[:, pair], gap[pair] = np.inf, np.inf
        delta = place[:, :new] - place[:, new, None]
        squared = delta[0] ** 2 + delta[1] ** 2
        lost = ((nearest == pair[0]) | (nearest == pair[1])) & (gap < np.inf)
        closer = np.flatnonzero(squared < gap[:new])
        nearest[closer], gap[closer] = new, squared[closer]
        for point in np.flatnonzero(lost).tolist():
            look(point, new + 1)
    for node in reversed(range(total)):
        parent[node] = parent[parent[node]]
    return np.unique(parent[:num], return_inverse=True)[1].reshape(-1)
