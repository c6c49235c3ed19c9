"""Anchors compared on a whole data set, and the ones that fit it best."""

from typing import NamedTuple

import numpy as np

from .anchor_clusters import THRESHOLDS, rank_anchors
from .anchor_recall import AnchorShapes, best_anchor_iou

STOCK = AnchorShapes((8,), (0.5, 1.0, 2.0))
# Anchors are fitted to a sample and then compared on all objects.
SAMPLE = 5000


class AnchorRecall(NamedTuple):
    """What some anchors can reach on a data set."""

    anchors: AnchorShapes
    # By IoU: share of objects that some anchor overlaps at least so much.
    recall: dict[float, float]
    # Likewise, with the anchors alone that do not cross the border of the
    # image: where allowed_border is 0, no other is trained.
    recall_inside: dict[float, float]
    # Share of objects whose best anchor has an IoU under 0.3, the min_pos_iou
    # of the RPN: they are never a positive.
    below: float
    # Mean IoU of objects with their best anchor.
    mean: float

    @classmethod
    def measure(
        cls, boxes: np.ndarray, image_sizes: np.ndarray, anchors: AnchorShapes
    ) -> 'AnchorRecall':
        """On boxes and images as :func:`best_anchor_iou` takes them."""
        iou, _ = best_anchor_iou(boxes, image_sizes, anchors)
        inside, _ = best_anchor_iou(boxes, image_sizes, anchors, 0)
        recalls = (
            {t: float((found >= t).mean()) for t in THRESHOLDS}
            for found in (iou, inside)
        )
        return cls(anchors, *recalls, float((iou < 0.3).mean()), iou.mean())


def advise_anchors(
    boxes: np.ndarray,
    image_sizes: np.ndarray,
    per_location: int = 3,
    strides: tuple[int, ...] = STOCK.strides,
    seed: int = 0,
) -> list[AnchorRecall]:
    """Compare the usual anchors with those that fit these objects best.

    Args:
        boxes, image_sizes, per_location, strides: Of :func:`rank_anchors`.
        seed (int): Of the choice of ``SAMPLE`` objects that anchors are
            fitted to. The recalls are those of all objects. Defaults to 0.

    Returns:
        list[AnchorRecall]: mmdet's anchors (scale 8, ratios 0.5, 1, 2), the
        same at scale 4, and last the advised ones, whose recalls are never
        below the first's: where nothing else is better they are the first.
        Fewer anchors than mmdet's are advised even if they reach less.
    """
    shapes = [AnchorShapes((s,), STOCK.ratios, strides) for s in (8, 4)]
    sample = np.arange(len(boxes))
    if len(boxes) > SAMPLE:
        generator = np.random.default_rng(seed)
        sample = generator.choice(len(boxes), SAMPLE, replace=False)
    shapes += rank_anchors(
        boxes[sample], image_sizes[sample], per_location, strides
    )
    stock, same, *fitted = (
        AnchorRecall.measure(boxes, image_sizes, one) for one in shapes
    )
    for row in fitted:
        if all(row.recall[t] >= stock.recall[t] for t in THRESHOLDS):
            return [stock, same, row]
    fewer = per_location < STOCK.per_location
    return [stock, same, fitted[0] if fewer else stock]
