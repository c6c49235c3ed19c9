"""How well detections count the objects of an image."""

from collections.abc import Sequence

import numpy as np

from ..utils.groups import find_positions
from ..utils.metric_names import name_classes
from ..utils.scores import are_above
from ..utils.tables import format_table
from .tables.detections import Detections
from .tables.ground_truth import GroundTruth

_NAMES = ('MAE', 'RMSE', 'MRE', 'AC')


def count_errors(found: np.ndarray, true: np.ndarray) -> dict[str, float]:
    """Errors of the number of objects.

    With c found and c* true objects of an image, means over the images of

    - MAE: ``|c - c*|``, and RMSE, the root of the mean of its square;
    - MRE: ``|c - c*| / c*``, and AC: ``max(0, 1 - |c - c*| / c*)`` (Locount,
      Cai et al., AAAI 2021), over the images that have objects.

    Args:
        found (np.ndarray): (M,), M at least 1.
        true (np.ndarray): (M,).

    Returns:
        dict[str, float]: MAE, RMSE, MRE and AC; the last two are -1 if no
        image has objects.

    Example:
        >>> count_errors(np.array([8, 1]), np.array([10, 0]))
        {'MAE': 1.5, 'RMSE': 1.58..., 'MRE': 0.2, 'AC': 0.8}
    """
    error = np.abs(np.asarray(found, np.float64) - true)
    some = np.asarray(true) > 0
    relative = error[some] / np.asarray(true)[some]
    return dict(
        MAE=float(error.mean()),
        RMSE=float(np.sqrt((error**2).mean())),
        MRE=float(relative.mean()) if some.any() else -1.0,
        AC=float(np.maximum(0, 1 - relative).mean()) if some.any() else -1.0,
    )


def count_above(
    images: np.ndarray, scores: np.ndarray, num_images: int, score_thr: float
) -> np.ndarray:
    """Detections of each image by :func:`are_above`, (M,) int64."""
    chosen = images[are_above(scores, score_thr)]
    return np.bincount(chosen, minlength=num_images)


def best_score_thr(
    images: np.ndarray, scores: np.ndarray, true: np.ndarray
) -> float:
    """The threshold with the least MAE on these very images: an oracle.

    It knows the answer. Use it to tell wrong scores from missing detections,
    and never to choose a threshold for the images that are reported.

    Sorted by falling score, each detection takes 1 from its image's error as
    long as objects are missing there, and adds 1 afterwards; so one sum over
    all N detections gives the MAE of every threshold.

    Args:
        images (np.ndarray): (N,), index of the image of each detection.
        scores (np.ndarray): (N,). What is not above 0 is never counted.
        true (np.ndarray): (M,), objects of each image.

    Returns:
        float: Half way between the last score that counts and the first that
        does not, 0 or 1 at the ends. Of equally good ones the largest.
    """
    positive = scores > 0
    images, scores = images[positive], scores[positive].astype(np.float32)
    order = np.argsort(-scores, kind='stable')
    images, scores = images[order], scores[order]
    by_image = np.argsort(images, kind='stable')
    starts = np.searchsorted(images[by_image], np.arange(len(true)))
    rank = np.empty(len(images), np.int64)
    rank[by_image] = np.arange(len(images)) - starts[images[by_image]]
    change = np.where(rank < np.asarray(true)[images], -1, 1)
    error = np.concatenate([[0], np.cumsum(change)])
    # No threshold parts equal scores.
    edges = np.pad(scores, 1)
    edges[0] = scores.max(initial=1)
    parted = edges[:-1] > edges[1:]
    parted[0] = True  # above a score of 1 is none
    best = int(np.argmin(np.where(parted, error, error.max() + 1)))
    upper, lower = edges[best], edges[best + 1]
    middle = lower + (upper - lower) / 2
    return float(middle if middle < upper else lower)


def summarize_counting(
    images: np.ndarray,
    labels: np.ndarray,
    scores: np.ndarray,
    true: np.ndarray,
    score_thr: float,
    classes: Sequence[str] = (),
) -> dict[str, float]:
    """Counting errors at a fixed score and at the best one.

    Args:
        images (np.ndarray): (N,), index of the image of each detection.
        labels (np.ndarray): (N,), its class.
        scores (np.ndarray): (N,), its score.
        true (np.ndarray): (M, K), objects of each image and class.
        score_thr (float): Detections with a score above it count.
        classes (Sequence[str]): K names, to report each apart; without them
            only the objects of all classes together. Defaults to ().

    Returns:
        dict[str, float]: ``MAE_at0.5`` and so on at ``score_thr``;
        ``oracle_MAE`` and so on at ``oracle_score_thr``, which is
        :func:`best_score_thr`; for a class ``<class>_MAE_at0.5`` and so on.
    """
    parts = {'': (slice(None), true.sum(axis=1))}
    for label, name in enumerate(name_classes(classes)):
        parts[f'{name}_'] = (labels == label, true[:, label])
    values = {}
    for prefix, (rows, count) in parts.items():
        own = images[rows], scores[rows]
        best = best_score_thr(*own, count)
        for mark, after, threshold in (
            ('', f'_at{score_thr:g}', score_thr),
            ('oracle_', '', best),
        ):
            found = count_above(*own, len(count), threshold)
            for name, value in count_errors(found, count).items():
                values[f'{prefix}{mark}{name}{after}'] = value
        values[f'{prefix}oracle_score_thr'] = best
    return values


def name_counts(score_thr: float, classes: Sequence[str] = ()) -> list[str]:
    """The keys that :func:`summarize_counting` gives for these classes."""
    none, true = np.zeros(0, np.int64), np.zeros((1, len(classes)), np.int64)
    return [*summarize_counting(none, none, none, true, score_thr, classes)]


def compare_counts(
    truth: GroundTruth,
    found: Detections,
    score_thr: float,
    classwise: bool = False,
) -> dict[str, float]:
    """:func:`summarize_counting` of the images of a ground truth."""
    return summarize_counting(
        find_positions(found.image_ids, truth.columns.image_ids),
        found.labels,
        found.scores,
        truth.counts(by_class=True),
        score_thr,
        truth.classes if classwise else (),
    )


def format_counting(values: dict[str, float], score_thr: float) -> str:
    """The errors over all classes, a row for each threshold."""
    rows = []
    for label, mark, after in (
        (f'{score_thr:g}', '', f'_at{score_thr:g}'),
        (f'{values["oracle_score_thr"]:.3f} (oracle)', 'oracle_', ''),
    ):
        found = (values[f'{mark}{name}{after}'] for name in _NAMES)
        shown = ('-' if value < 0 else f'{value:.3f}' for value in found)
        rows.append([label, *shown])
    return format_table(['count, score above', *_NAMES], rows)
