"""Anchors compared on a whole data set, and the ones that fit it best."""

from dataclasses import dataclass

import numpy as np

from .anchor_clusters import THRESHOLDS, rank_anchors
from .anchor_recall import AnchorShapes, best_anchor_iou

STOCK = AnchorShapes((8,), (0.5, 1.0, 2.0))
# Anchors are fitted to a sample and then compared on all objects.
SAMPLE = 5000


@dataclass(frozen=True)
class AnchorRecall:
    """What some anchors can reach on a data set.

    Args:
        anchors (AnchorShapes): The anchors.
        recall (dict[float, float]): By IoU: the share of objects that some
            anchor of the grid overlaps at least so much.
        recall_inside (dict[float, float]): Likewise, with the anchors alone
            that do not cross the border of the image. Where
            ``train_cfg.rpn.allowed_border`` is 0, no other is trained.
        below (float): Share of objects whose best anchor has an IoU under
            0.3, the ``min_pos_iou`` of the RPN: they are never a positive.
        mean (float): Mean IoU of objects with their best anchor.
    """

    anchors: AnchorShapes
    recall: dict[float, float]
    recall_inside: dict[float, float]
    below: float
    mean: float

    @classmethod
    def measure(
        cls, boxes: np.ndarray, image_sizes: np.ndarray, anchors: AnchorShapes
    ) -> 'AnchorRecall':
        """On boxes and images as :func:`best_anchor_iou` takes them."""
        iou, _ = best_anchor_iou(boxes, image_sizes, anchors)
        inside, _ = best_anchor_iou(boxes, image_sizes, anchors, 0)
        return cls(
            anchors,
            _recall(iou),
            _recall(inside),
            float((iou < 0.3).mean()),
            float(iou.mean()),
        )

    def reaches(self, other: 'AnchorRecall') -> bool:
        """Whether no recall is lower than the other's."""
        return all(self.recall[t] >= other.recall[t] for t in THRESHOLDS)


def advise_anchors(
    boxes: np.ndarray,
    image_sizes: np.ndarray,
    per_location: int = 3,
    strides: tuple[int, ...] = STOCK.strides,
    seed: int = 0,
) -> list[AnchorRecall]:
    """Compare the usual anchors with those that fit these objects best.

    Args:
        boxes (np.ndarray): (N, 4), xyxy, pixels of the resized image; N >= 1.
        image_sizes (np.ndarray): (N, 2), height and width of the resized
            image of each box.
        per_location (int): How many anchors at each location. Defaults to 3.
        strides (tuple[int, ...]): Defaults to (4, 8, 16, 32, 64).
        seed (int): Of the choice of ``SAMPLE`` objects that anchors are
            fitted to. The recalls are those of all objects. Defaults to 0.

    Returns:
        list[AnchorRecall]: mmdet's anchors (scale 8, ratios 0.5, 1, 2), the
        same at scale 4, and last the advised ones, whose recalls are never
        below the first's: where nothing else is better they are the first.
    """
    usual = [
        AnchorRecall.measure(
            boxes, image_sizes, AnchorShapes((scale,), STOCK.ratios, strides)
        )
        for scale in (STOCK.scales[0], 4)
    ]
    sample = np.arange(len(boxes))
    if len(boxes) > SAMPLE:
        sample = np.random.default_rng(seed).choice(
            len(boxes), SAMPLE, replace=False
        )
    ranked = rank_anchors(
        boxes[sample], image_sizes[sample], per_location, strides
    )
    fitted = [
        AnchorRecall.measure(boxes, image_sizes, anchors) for anchors in ranked
    ]
    good = [row for row in fitted if row.reaches(usual[0])]
    if not good and per_location < usual[0].anchors.per_location:
        good = fitted  # fewer anchors were asked for, and they reach less
    return [*usual, (good or usual)[0]]


def _recall(iou: np.ndarray) -> dict[float, float]:
    return {t: float((iou >= t).mean()) for t in THRESHOLDS}
