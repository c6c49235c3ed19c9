"""COCO's average precision from matched detections."""

import numpy as np

RECALL_POINTS = np.linspace(0, 1, 101)


def average_precision(
    scores: np.ndarray,
    matched: np.ndarray,
    ignored: np.ndarray,
    num_objects: int,
) -> np.ndarray:
    """Area under the interpolated precision-recall curve.

    Source: the COCO protocol: precision at 101 recall points, each the
    largest precision at that recall or a higher one; 0 where the recall is
    not reached.

    Args:
        scores (np.ndarray): (N,), any order; ties keep their order.
        matched (np.ndarray): (T, N) bool, whether a detection found an object
            at each of T IoU thresholds.
        ignored (np.ndarray): (T, N) bool, detections that count neither way.
        num_objects (int): How many there are to find.

    Returns:
        np.ndarray: (T,) float64, -1 if there are no objects.

    Example:
        >>> # found, wrong, found of 2: precision 1 up to recall 1/2 (51
        >>> # points), then 2/3 (50 points): (51 + 50 * 2 / 3) / 101
        >>> hits = np.array([[True, False, True]])
        >>> average_precision(np.array([0.9, 0.8, 0.7]), hits, hits & False, 2)
        array([0.8349835])
    """
    if not num_objects:
        return np.full(len(matched), -1.0)
    order = np.argsort(-scores, kind='stable')
    counted = ~ignored[:, order]
    hits = np.cumsum(matched[:, order] & counted, axis=1, dtype=np.float64)
    seen = np.cumsum(counted, axis=1, dtype=np.float64)
    recall = hits / num_objects
    # The summand is pycocotools' and keeps 0 / 0 at 0.
    precision = hits / (seen + np.spacing(1))
    best = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    # One more column for the recalls that are not reached.
    best = np.pad(best, ((0, 0), (0, 1)))
    return np.array(
        [
            row[np.searchsorted(reached, RECALL_POINTS)].mean()
            for row, reached in zip(best, recall)
        ]
    )
