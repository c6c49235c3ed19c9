"""Paired bootstrap over images: is one detector better than another?"""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
from mmengine.logging import print_log

from ...evaluation.backends import load_backend
from ...evaluation.stored.files import read_evaluation
from ...evaluation.tables.coco_tables import IOU_THRS
from ...evaluation.tables.detections import Detections
from ...evaluation.tables.ground_truth import GroundTruth
from ...evaluation.weighted_average_precision import WeightedAveragePrecision
from ...utils import checks
from ...utils.groups import find_positions
from ...utils.progress import track_on_stderr
from .paired_bootstrap import PairedBootstrap


def compare_detections(
    first: str, second: str, ann_file: str, **settings
) -> PairedBootstrap:
    """Compare two files of detections.

    Args:
        first, second, ann_file (str): See :func:`read_evaluation`.
        settings: Of :func:`bootstrap_difference`.
    """
    truth, store = read_evaluation(first, ann_file)
    other, other_store = read_evaluation(second, ann_file)
    ids, other_ids = truth.columns.image_ids, other.columns.image_ids
    same = sorted(truth.classes) == sorted(other.classes)
    if not same or not np.array_equal(ids, other_ids):
        raise ValueError(
            f'{first} and {second} must be of the same images and classes, '
            f'but are of {len(ids)} and {len(other_ids)} images, classes '
            f'{truth.classes} and {other.classes}.'
        )
    # By name: each file may have the order of its own model.
    new = np.array([truth.classes.index(name) for name in other.classes])
    found = other_store.detections
    found = replace(found, labels=new[found.labels])
    pair = (first, store.detections), (second, found)
    kept = [_drop_nan(name, found) for name, found in pair]
    return bootstrap_difference(truth, *kept, **settings)


def bootstrap_difference(
    ground_truth: GroundTruth,
    first: Detections,
    second: Detections,
    max_dets: int = 300,
    resamples: int = 1000,
    seed: int = 0,
    backend: str = 'auto',
    workers: int = 2,
) -> PairedBootstrap:
    """Evaluate two results on the same random choices of images.

    Source: the percentile bootstrap, B. Efron and R. Tibshirani, An
    Introduction to the Bootstrap (1993), 13.3, paired by image. Each resample
    draws as many images as there are, with replacement. Detections are
    matched once; a resample counts the matches of each image as often as it
    was drawn.

    Args:
        ground_truth (GroundTruth): What is there.
        first, second (Detections): Without NaN.
        max_dets (int): How many count, per image and class. Defaults to 300.
        resamples (int): Defaults to 1000.
        seed (int): Resample i depends on this and i alone. Defaults to 0.
        backend (str): See :func:`load_backend`. Defaults to 'auto'.
        workers (int): Threads; they change no number. Defaults to 2.
    """
    checks.positive_integer('max_dets', max_dets)
    checks.positive_integer('resamples', resamples)
    checks.positive_integer('workers', workers)
    if not ground_truth.counts().any():
        raise ValueError('ground truth must hold at least one object.')
    match = load_backend(backend).match
    pair = [
        _Resampled(ground_truth, found, match(ground_truth, found, max_dets))
        for found in (first, second)
    ]
    num_images = len(ground_truth.columns)
    once = np.ones(num_images, np.int32)
    values = [result(once) for result in pair]

    def resample(number: int) -> np.ndarray:
        generator = np.random.default_rng((seed, number))
        drawn = generator.integers(num_images, size=num_images)
        weights = np.bincount(drawn, minlength=num_images).astype(np.int32)
        return pair[1](weights) - pair[0](weights)

    samples = np.array(list(_run(resample, resamples, workers)))
    # Where no image with an object was drawn, there is no AP.
    samples = samples[np.isfinite(samples).all(axis=1)]
    return PairedBootstrap(*values, samples, max_dets, num_images)


def _run(
    task: Callable[[int], np.ndarray], count: int, workers: int
) -> Iterator[np.ndarray]:
    """NumPy lets threads work at the same time."""
    pool = ThreadPoolExecutor(workers)
    try:
        results = pool.map(task, range(count))
        yield from track_on_stderr(results, 'Resampling', count)
    finally:
        # Control-C should not wait for the rest.
        pool.shutdown(cancel_futures=True)


class _Resampled:
    """AP, AP50 and AP75 of one result, by how often each image counts."""

    def __init__(self, truth: GroundTruth, found: Detections, matches) -> None:
        found = found.take(matches.rows)
        images = find_positions(found.image_ids, truth.columns.image_ids)
        self._counts = truth.counts(by_class=True)
        self._classes = []
        for label in range(len(truth.classes)):
            own = np.flatnonzero(found.labels == label)
            hits, skipped = matches.matched[:, own], matches.ignored[:, own]
            columns = found.scores[own], hits, skipped, images[own]
            self._classes.append(WeightedAveragePrecision(*columns))

    def __call__(self, weights: np.ndarray) -> np.ndarray:
        """(3,), NaN if no image with an object counts."""
        objects = weights @ self._counts
        pairs = zip(self._classes, objects.tolist())
        values = [ap(weights, count) for ap, count in pairs if count]
        if not values:
            return np.full(3, np.nan)
        by_iou = np.mean(values, axis=0)
        single = np.searchsorted(IOU_THRS, (0.5, 0.75))
        return np.concatenate(([by_iou.mean()], by_iou[single]))


def _drop_nan(name: str, found: Detections) -> Detections:
    kept, dropped = found.drop_nan()
    if dropped:
        what = f'{dropped} of {len(found)} detections of {name}'
        message = f'{what} hold NaN or infinity and are not scored.'
        print_log(message, 'current', logging.WARNING)
    return kept
