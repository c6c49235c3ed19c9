"""Average precision of images that count several times."""

import hotcoco.metrics
import numpy as np
import pytest

from dense_scene.evaluation.weighted_average_precision import (
    RECALL_POINTS,
    WeightedAveragePrecision,
)


def scene(seed, count, num_images=7, ignored=0.1):
    """Detections with scores in tenths, hence ties, at three thresholds."""
    rng = np.random.default_rng(seed)
    matched = rng.random((3, count)) < [[0.8], [0.5], [0.1]]
    return (
        rng.random(count).round(1),
        matched,
        (rng.random((3, count)) < ignored) & ~matched,
        rng.integers(num_images, size=count),
    )


@pytest.mark.parametrize('ignored', [0, 0.3])
@pytest.mark.parametrize('count', [0, 1, 2, 30, 600])
def test_equals_copies_of_each_detection(count, ignored):
    for seed in range(20):
        scores, matched, skipped, images = scene(seed, count, ignored=ignored)
        ours = WeightedAveragePrecision(scores, matched, skipped, images)
        for weights in (
            np.ones(7, np.int32),
            np.random.default_rng(seed).integers(4, size=7),
        ):
            times = weights[images]
            objects = int(times.sum()) + 3
            theirs = [
                hotcoco.metrics.average_precision(
                    np.repeat(scores, times),
                    np.repeat(hits, times),
                    objects,
                    np.repeat(ignore, times),
                    RECALL_POINTS,
                )
                for hits, ignore in zip(matched, skipped)
            ]
            np.testing.assert_allclose(
                ours(weights, objects), theirs, rtol=0, atol=1e-12
            )


def test_by_hand():
    # Image 0: found, wrong. Image 1: found. Three copies of image 0 and one
    # of image 1, one object each: hits 3, wrong 3, hit 1, so precision is 1
    # up to recall 3/4 (recall points 0 to .75: 76) and 4/7 to the end (25).
    hits = np.array([[True, False, True]])
    ap = WeightedAveragePrecision(
        np.array([0.9, 0.8, 0.7]), hits, hits & False, np.array([0, 0, 1])
    )
    assert ap(np.array([3, 1]), 4) == pytest.approx((76 + 25 * 4 / 7) / 101)
    assert ap(np.array([0, 1]), 1) == pytest.approx(1)
    # Without the images that were hit nothing is found.
    assert ap(np.array([0, 0]), 5).tolist() == [0]


def test_no_object_is_not_defined():
    ours = WeightedAveragePrecision(*scene(0, 10))
    assert ours(np.zeros(7, np.int32), 0).tolist() == [-1, -1, -1]


def ap(scores, hits, num_objects, ignored=None):
    """One threshold, and an image that counts once."""
    hits = np.array([hits], bool)
    ours = WeightedAveragePrecision(
        np.array(scores),
        hits,
        np.zeros_like(hits) if ignored is None else np.array([ignored]),
        np.zeros(len(scores), int),
    )
    return ours(np.ones(1, np.int32), num_objects)[0]


@pytest.mark.parametrize(
    'scores, hits, num_objects, value',
    [
        ([], [], 2, 0),
        ([0.9], [True], 1, 1),
        ([0.9], [False], 1, 0),
        ([0.9, 0.8], [True, True], 2, 1),
        ([0.9, 0.8], [True, True], 4, 51 / 101),  # recalls 0, .01 ... .5
        ([0.9, 0.8], [False, True], 1, 1 / 2),  # 1 of 2, at every recall
        ([0.8, 0.9], [True, False], 1, 1 / 2),  # the same, not sorted
        ([0.5, 0.5], [True, False], 1, 1),  # ties keep their order
    ],
)
def test_one_image_by_hand(scores, hits, num_objects, value):
    assert ap(scores, hits, num_objects) == pytest.approx(value, abs=1e-9)


def test_ignored_detections_count_neither_way():
    # The best is ignored, the second right: as if the first were not there.
    assert ap([0.9, 0.8], [True, True], 1, [True, False]) == pytest.approx(1)
