"""What a COCO evaluation yields, at every cap."""

from dataclasses import dataclass

import numpy as np

IOU_THRS = np.linspace(0.5, 0.95, 10)
IOU_THRS.flags.writeable = False
# COCO's, in square pixels of the original image; both ends belong to it.
AREA_RANGES = {
    'all': (0, 1e10),
    's': (0, 32**2),
    'm': (32**2, 96**2),
    'l': (96**2, 1e10),
}


@dataclass(frozen=True, eq=False)
class CocoTables:
    """Precision and recall of one evaluation, and what computed them.

    Args:
        precision (np.ndarray): (T, R, K, A, M) at IoU threshold, recall point,
            class, area range and cap; -1 where there is no object.
        recall (np.ndarray): (T, K, A, M), likewise.
        max_dets (tuple[int, ...]): The M caps, rising.
        iou_thrs (np.ndarray): The T thresholds. Defaults to COCO's ten.
        areas (tuple[str, ...]): The A names. Defaults to COCO's four.
        backend (str): Name and version of the library.
    """

    precision: np.ndarray
    recall: np.ndarray
    max_dets: tuple[int, ...]
    iou_thrs: np.ndarray
    areas: tuple[str, ...]
    backend: str

    def ap(
        self,
        max_det: int,
        iou: float | None = None,
        area: str = 'all',
        label: int | None = None,
    ) -> float:
        """Average precision.

        Args:
            max_det (int): One of the caps.
            iou (float, optional): Threshold. Defaults to None: mean of all.
            area (str): Defaults to 'all'.
            label (int, optional): Defaults to None: mean of all classes that
                have an object.

        Returns:
            float: 0 to 1; -1 if there is no object.
        """
        table = self.precision[
            ..., self.areas.index(area), self.max_dets.index(max_det)
        ]
        if iou is not None:
            table = table[np.isclose(self.iou_thrs, iou)]
        return _mean(table if label is None else table[:, :, label])

    def ar(
        self, max_det: int, area: str = 'all', label: int | None = None
    ) -> float:
        """Average recall, over IoU thresholds and classes; see :meth:`ap`."""
        table = self.recall[
            ..., self.areas.index(area), self.max_dets.index(max_det)
        ]
        return _mean(table if label is None else table[:, label])


def _mean(table: np.ndarray) -> float:
    """pycocotools' mean: of what is defined, else -1."""
    defined = table[table > -1]
    return float(np.mean(defined)) if defined.size else -1.0
