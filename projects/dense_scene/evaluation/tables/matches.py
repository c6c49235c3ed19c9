"""Which detection found which object."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Matches:
    """COCO's greedy matching of a whole data set, all sizes.

    P is the number of detections within ``max_dets``; T of IoU thresholds; N
    of objects, crowd regions among them.

    Args:
        rows (np.ndarray): (P,) int64, row in the detections. Those of an image
            and class lie together, by falling score; images by rising id,
            which is how COCO breaks ties.
        ranks (np.ndarray): (P,) int64, place in its image and class, from 0:
            ``ranks < n`` is what a lower ``max_dets`` of n leaves.
        objects (np.ndarray): (T, P) int64, the row of the object found, -1
            for none.
        ignored (np.ndarray): (T, P) bool, found a crowd region.
        num_objects (int): N.
    """

    rows: np.ndarray
    ranks: np.ndarray
    objects: np.ndarray
    ignored: np.ndarray
    num_objects: int

    @property
    def matched(self) -> np.ndarray:
        """(T, P) bool, whether a detection found an object, not a crowd."""
        return (self.objects >= 0) & ~self.ignored

    def found_objects(self, max_dets: int | None = None) -> np.ndarray:
        """(T, N) bool, whether the first max_dets, or any, found an object."""
        objects = self.objects
        if max_dets is not None:
            objects = objects[:, self.ranks < max_dets]
        # One more column takes the -1 of detections that found none.
        found = np.zeros((len(objects), self.num_objects + 1), bool)
        np.put_along_axis(found, objects, True, axis=1)
        return found[:, :-1]
