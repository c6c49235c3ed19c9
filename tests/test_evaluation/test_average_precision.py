"""Average precision against hand-derived values and hotcoco."""

import hotcoco.metrics
import numpy as np
import pytest

from dense_scene.evaluation.average_precision import (
    RECALL_POINTS,
    average_precision,
)


def ap(scores, hits, num_objects, ignored=None):
    hits = np.array([hits], bool)
    ignored = np.zeros_like(hits) if ignored is None else np.array([ignored])
    return average_precision(np.array(scores), hits, ignored, num_objects)[0]


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
def test_by_hand(scores, hits, num_objects, value):
    assert ap(scores, hits, num_objects) == pytest.approx(value, abs=1e-9)


def test_no_object_is_not_defined():
    assert ap([0.9], [False], 0) == -1


def test_ignored_detections_count_neither_way():
    # The best is ignored, the second right: as if the first were not there.
    assert ap([0.9, 0.8], [True, True], 1, [True, False]) == pytest.approx(1)


def test_equals_hotcoco_on_600_detections():
    rng = np.random.default_rng(0)
    scores = rng.random(600).round(2)
    hits, ignored = rng.random((2, 4, 600)) < [[[0.5]], [[0.1]]]
    ours = average_precision(scores, hits, ignored, 400)
    for row in range(4):
        theirs = hotcoco.metrics.average_precision(
            scores, hits[row], 400, ignored[row], RECALL_POINTS
        )
        assert ours[row] == pytest.approx(theirs, abs=1e-12)
