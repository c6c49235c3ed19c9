"""What a COCO evaluation yields, at every number of detections."""

from dataclasses import dataclass

import numpy as np

IOU_THRS = np.linspace(0.5, 0.95, 10)
IOU_THRS.flags.writeable = False
# COCO's, in square pixels of the original image; both ends belong to it.
AREA_RANGES: dict[str, tuple[float, float]] = {
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
            class, area range and number of detections; -1 where there is no
            object.
        recall (np.ndarray): (T, K, A, M), likewise.
        max_dets (tuple[int, ...]): The M numbers of detections, rising.
        backend (str): Name and version of the library.
    """

    precision: np.ndarray
    recall: np.ndarray
    max_dets: tuple[int, ...]
    backend: str

    @classmethod
    def empty(
        cls, num_classes: int, max_dets: tuple[int, ...]
    ) -> 'CocoTables':
        """Of no object at all, with one recall point; takes no memory."""
        shape = len(IOU_THRS), 1, num_classes, len(AREA_RANGES), len(max_dets)
        table = np.broadcast_to(-1.0, shape)
        return cls(table, table[:, 0], max_dets, 'none')

    def ap(
        self,
        max_dets: int,
        iou: float | None = None,
        area: str = 'all',
        label: int | None = None,
    ) -> float:
        """Average precision, 0 to 1; -1 if there is no object.

        Without ``iou`` or ``label`` the mean of all, of classes of those that
        have an object.
        """
        table = self._at(self.precision, max_dets, area)
        if iou is not None:
            table = table[np.isclose(IOU_THRS, iou)]
        return _mean(table if label is None else table[:, :, label])

    def ar(self, max_dets: int, area: str = 'all') -> float:
        """Average recall, over IoU thresholds and classes; see :meth:`ap`."""
        return _mean(self._at(self.recall, max_dets, area))

    def _at(self, table: np.ndarray, max_dets: int, area: str) -> np.ndarray:
        place = self.max_dets.index(max_dets)
        return table[..., list(AREA_RANGES).index(area), place]


def _mean(table: np.ndarray) -> float:
    """pycocotools' mean: of what is defined, else -1."""
    defined = table[table > -1]
    return float(np.mean(defined)) if defined.size else -1.0
