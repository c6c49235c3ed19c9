"""Boxes that a data set cannot use as they are written."""

from dataclasses import dataclass

import numpy as np

from ..annotation_columns import AnnotationColumns


@dataclass(frozen=True, eq=False)
class BoxCheck:
    """Each (N,) bool, one per box; the first three exclude one another.

    Args:
        degenerate (np.ndarray): Less than a pixel wide or high as written,
            or with corners the wrong way round.
        outside (np.ndarray): Less than a pixel of it is in the image.
        reaches_out (np.ndarray): The others that are not wholly in it.
        duplicate (np.ndarray): An earlier box of the image is the same.
    """

    degenerate: np.ndarray
    outside: np.ndarray
    reaches_out: np.ndarray
    duplicate: np.ndarray

    @property
    def usable(self) -> np.ndarray:
        """Which boxes :class:`SKU110KDataset` keeps, clipped or not."""
        return ~(self.degenerate | self.outside)


def check_boxes(columns: AnnotationColumns) -> BoxCheck:
    """Compare every box with its image and with its neighbours."""
    boxes = columns.boxes
    limits = np.repeat(columns.sizes[:, [1, 0, 1, 0]], columns.counts, axis=0)
    clipped = np.clip(boxes, 0, limits).astype(boxes.dtype)
    degenerate = _is_thin(boxes)
    outside = _is_thin(clipped) & ~degenerate
    reaches_out = (clipped != boxes).any(axis=1) & ~degenerate & ~outside
    return BoxCheck(degenerate, outside, reaches_out, _is_repeated(columns))


def _is_thin(boxes: np.ndarray) -> np.ndarray:
    return (boxes[:, 2:] - boxes[:, :2] < 1).any(axis=1)


def _is_repeated(columns: AnnotationColumns) -> np.ndarray:
    """Which boxes stand earlier in the same image, the first one excluded."""
    image = np.repeat(np.arange(len(columns)), columns.counts)
    # The sort is stable, so that equal boxes keep the order of the file.
    order = np.lexsort((*columns.boxes.T, image))
    boxes, image = columns.boxes[order], image[order]
    same = (boxes[1:] == boxes[:-1]).all(axis=1) & (image[1:] == image[:-1])
    repeated = np.zeros(len(order), bool)
    repeated[order[1:]] = same
    return repeated
