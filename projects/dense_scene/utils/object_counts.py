"""What the number of objects per image asks of a cap on detections."""

import numpy as np


def recall_bound(counts: np.ndarray, cap: int) -> float:
    """The largest recall that ``cap`` detections can reach.

    sum(min(n, cap)) / sum(n) over the counts n.

    Args:
        counts (np.ndarray): (M,), objects per image (and class, if the cap is
            per class as in COCO). 1 if there are none.
        cap (int): Detections per image.

    Example:
        >>> recall_bound(np.array([50, 150]), 100)  # (50 + 100) / 200
        0.75
    """
    total = int(np.sum(counts))
    return float(np.minimum(counts, cap).sum() / total) if total else 1.0


def needed_cap(counts: np.ndarray, percent: float = 99.5) -> int:
    """The smallest cap that holds every object of ``percent`` of the images.

    One of the (M,) counts of objects per image; 0 if there are none.
    """
    if not len(counts):
        return 0
    return int(np.percentile(counts, percent, method='inverted_cdf'))
