"""Anchor scales and ratios that fit objects."""

from collections.abc import Iterator
from itertools import product

import numpy as np

from ...utils.checks import positive_integer
from .anchor_recall import AnchorShapes, best_anchor_iou

THRESHOLDS = (0.5, 0.7)
_ROUNDS = 10
# First scales to start from: object sizes per stride from 1 to 16.
_STARTS = 2.0 ** np.arange(0, 4.5, 0.5)
# Steps of the last search, as factors: 2^0.2, 2^0.1 and 2^0.05.
_STEPS = (0.2, 0.1, 0.05)


def rank_anchors(
    boxes: np.ndarray,
    image_sizes: np.ndarray,
    per_location: int = 3,
    strides: tuple[int, ...] = (4, 8, 16, 32, 64),
) -> list[AnchorShapes]:
    """Anchors for these objects, the best first.

    k-means with the distance 1 - IoU (Redmon and Farhadi, `YOLO9000
    <https://arxiv.org/abs/1612.08242>`_), with two differences. The centers
    are tied as ``AnchorGenerator`` ties them: every level has the same ratios
    and the same scales, which divide an octave evenly (``octave_base_scale``
    of RetinaNet). And the IoU is that of the nearest anchor of the real grid
    and not of two boxes with one center: a large scale on a fine level beats
    a small one on a coarse level. A search by small steps then raises what is
    wanted, the sum of the best-possible recalls at IoU 0.5 and 0.7.

    Args:
        boxes, image_sizes: Of :func:`best_anchor_iou`, of one object or more.
            Time grows with their number: give a sample of some thousands.
        per_location (int): How many anchors at each location: number of
            scales times number of ratios. Defaults to 3.
        strides (tuple[int, ...]): Defaults to (4, 8, 16, 32, 64).

    Returns:
        list[AnchorShapes]: The best of each way to write ``per_location`` as
        a product. Numbers have two decimals.
    """
    positive_integer('anchors', per_location)
    search = _Search(boxes, image_sizes, strides)
    found = []
    for num_scales in range(1, per_location + 1):
        num_ratios, rest = divmod(per_location, num_scales)
        if not rest:
            tries = [
                state
                for start in _STARTS
                for state in search.cluster(start, num_scales, num_ratios)
            ]
            found.append(search.climb(max(tries, key=search.score)))
    found.sort(key=search.score, reverse=True)
    return [search.shapes(*state) for state in found]


# Octave base scale, its scales per octave, ratios; the first and the last as
# binary logarithms.
_State = tuple[float, int, tuple[float, ...]]


class _Search:
    """Anchors as logarithms, scored on a few objects."""

    def __init__(self, boxes, image_sizes, strides) -> None:
        self.boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
        self.image_sizes = image_sizes
        self.strides = strides
        sides = np.maximum(self.boxes[:, 2:] - self.boxes[:, :2], 1e-3)
        self.log_size = np.log2(sides).mean(axis=1)
        self.log_ratio = np.log2(sides[:, 1] / sides[:, 0])
        self.scores: dict[AnchorShapes, tuple[float, float]] = {}

    def shapes(
        self, base: float, num_scales: int, ratios: tuple[float, ...]
    ) -> AnchorShapes:
        """Rounded as they are written into a config."""
        scales = 2.0 ** (base + np.arange(num_scales) / num_scales)
        return AnchorShapes(
            tuple(np.maximum(scales.round(1), 0.1).tolist()),
            tuple(np.maximum(2.0 ** np.sort(ratios), 0.01).round(2).tolist()),
            self.strides,
        )

    def score(self, state: _State) -> tuple[float, float]:
        """What is wanted; the mean IoU decides between equal ones."""
        shapes = self.shapes(*state)
        if shapes not in self.scores:
            iou, _ = best_anchor_iou(self.boxes, self.image_sizes, shapes)
            self.scores[shapes] = (
                sum(float((iou >= t).mean()) for t in THRESHOLDS),
                float(iou.mean()),
            )
        return self.scores[shapes]

    def cluster(
        self, start: float, num_scales: int, num_ratios: int
    ) -> Iterator[_State]:
        """k-means: assign by IoU, move the centers, until nothing moves."""
        base = float(np.log2(start))
        ranks = (np.arange(num_ratios) + 0.5) / num_ratios
        ratios = np.quantile(self.log_ratio, ranks)
        for _ in range(_ROUNDS):
            state = base, num_scales, tuple(ratios)
            yield state
            shapes = self.shapes(*state)
            iou, best = best_anchor_iou(self.boxes, self.image_sizes, shapes)
            _, ratio_of, _ = np.unravel_index(best, shapes.sizes().shape[:3])
            size_of = np.log2(shapes.sizes().prod(axis=-1)).ravel()[best] / 2
            # 1 - IoU grows with the distance of logarithms, not with its
            # square: the middle of a cluster is the median, not the mean.
            moved = [
                np.median(self.log_ratio[ratio_of == number])
                if (ratio_of == number).any()
                else ratios[number]
                for number in range(num_ratios)
            ]
            step = float(np.median(self.log_size - size_of))
            if abs(step) < 0.01 and np.abs(moved - ratios).max() < 0.01:
                return
            base, ratios = base + step, np.sort(moved)

    def climb(self, state: _State) -> _State:
        """Move one number at a time as long as it helps."""
        best = self.score(state)
        for step in _STEPS:
            improved = True
            while improved:
                improved = False
                for place, sign in product(range(1 + len(state[2])), (1, -1)):
                    numbers = np.array([state[0], *state[2]])
                    numbers[place] += sign * step
                    trial = numbers[0], state[1], tuple(numbers[1:])
                    if (score := self.score(trial)) > best:
                        state, best, improved = trial, score, True
        return state
