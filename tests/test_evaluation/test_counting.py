"""Counting errors: by hand, and against trying every threshold."""

import numpy as np
import pytest

from dense_scene.evaluation.counting import (
    best_score_thr,
    count_above,
    count_errors,
    format_counting,
    summarize_counting,
)


def test_errors_by_hand():
    # Errors 2, 4, 6; relative 2 / 10, 4 / 2 and none. AC 0.8, max(0, -1).
    found = count_errors(np.array([8, 6, 6]), np.array([10, 2, 0]))
    assert found == pytest.approx(
        dict(MAE=4, RMSE=(56 / 3) ** 0.5, MRE=1.1, AC=0.4)
    )


def test_images_without_objects_have_no_relative_error():
    found = count_errors(np.array([0, 1]), np.array([0, 0]))
    assert found == dict(MAE=0.5, RMSE=0.5**0.5, MRE=-1, AC=-1)


def test_best_threshold_by_hand():
    """Two objects and one. Counting the upper three of image 0 costs 1,
    the upper two and the one of image 1 nothing."""
    images = np.array([0, 0, 0, 1, 1])
    scores = np.array([0.9, 0.7, 0.3, 0.6, 0.1])
    best = best_score_thr(images, scores, np.array([2, 1]))
    assert best == pytest.approx(0.45)  # between 0.6 and 0.3
    assert count_above(images, scores, 2, best).tolist() == [2, 1]


@pytest.mark.parametrize(
    'scores, true, best',
    [
        ([], [0, 3], 0.5),  # nothing to count: between 1 and 0
        ([0.8, 0.4], [0], 0.9),  # none counts
        ([0.8, 0.4], [5], 0.2),  # all count
        ([1.0, 1.0], [0], 1.0),  # a score above 1 does not exist
        ([0.5, 0.5, 0.5], [1], 0.75),  # equal ones: none or three; 1 < 2
        ([0.5, 0.5, 0.5], [2], 0.25),
        ([0.0, 0.6], [2], 0.3),  # a score of 0 never counts
    ],
)
def test_best_threshold_at_the_ends(scores, true, best):
    images = np.zeros(len(scores), int)
    found = best_score_thr(images, np.array(scores), np.array(true))
    assert found == pytest.approx(best)


@pytest.mark.parametrize('seed', range(20))
@pytest.mark.parametrize('levels', [10, 10000])
def test_best_threshold_is_the_best_of_all(seed, levels):
    """With ten levels of the score nearly all are ties."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 5, 60)
    scores = (rng.integers(1, levels, 60) / levels).astype(np.float32)
    true = rng.integers(0, 15, 5)
    tried = {
        threshold: np.abs(count_above(images, scores, 5, threshold) - true)
        for threshold in [0, *scores]
    }
    best = best_score_thr(images, scores, true)
    found = count_above(images, scores, 5, best)
    assert np.abs(found - true).sum() == min(e.sum() for e in tried.values())


def test_summary_of_classes():
    # Class 0: 1 of 2 above 0.5 in image 0. Class 1: 1 of 1 in image 1.
    values = summarize_counting(
        np.array([0, 0, 1]),
        np.array([0, 0, 1]),
        np.array([0.9, 0.4, 0.8]),
        np.array([[2, 0], [0, 1]]),
        0.5,
        ('bottle', 'can'),
    )
    assert values['MAE_at0.5'] == 0.5
    assert values['bottle_MAE_at0.5'] == 0.5 == values['bottle_AC_at0.5']
    assert values['can_MAE_at0.5'] == 0
    assert values['oracle_MAE'] == 0 and values['oracle_AC'] == 1
    assert values['oracle_score_thr'] == pytest.approx(0.2)
    assert values['can_oracle_score_thr'] == pytest.approx(0.4)
    assert len(values) == 3 * (2 * 4 + 1)
    table = format_counting(values, 0.5)
    assert '0.200 (oracle)' in table and 'MAE' in table
    assert all(len(line) <= 79 for line in table.splitlines())


def test_one_and_a_half_million_detections():
    """3,000 images of 500, of which the upper 250 are above 0.5."""
    images = np.repeat(np.arange(3000), 500)
    scores = np.tile(np.linspace(0.999, 0.001, 500), 3000)
    true = np.full((3000, 1), 147)
    values = summarize_counting(images, 0 * images, scores, true, 0.5)
    assert values['oracle_MAE'] == 0
    assert values['MAE_at0.5'] == 250 - 147
