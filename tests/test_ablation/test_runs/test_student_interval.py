"""Means of a few runs."""

import math

import numpy as np
import pytest

from dense_scene.ablation.runs.student_interval import student_interval


def test_three_values_by_hand():
    # Mean 2, s = 1, t(0.975, 2 degrees) = 4.3027 (any t table);
    # 4.3027 / sqrt(3) = 2.4841.
    mean, half = student_interval([1, 2, 3])
    assert mean == 2
    assert half == pytest.approx(2.4841, abs=1e-4)


def test_one_value_has_no_interval():
    mean, half = student_interval([0.4])
    assert mean == 0.4 and math.isnan(half)


def test_equal_values_leave_no_width():
    assert student_interval([0.5] * 3) == (0.5, 0)


def test_it_covers_the_mean_as_often_as_it_says():
    """600 studies of three runs; 80% intervals, error of the count 1.6%."""
    runs = np.random.default_rng(0).normal(size=(600, 3))
    intervals = np.array([student_interval(run, 0.8) for run in runs])
    covered = (np.abs(intervals[:, 0]) <= intervals[:, 1]).mean()
    assert abs(covered - 0.8) < 0.07  # four standard errors


@pytest.mark.parametrize('level', [0, 1, 95])
def test_a_level_out_of_range(level):
    with pytest.raises(ValueError, match='level must be between 0 and 1'):
        student_interval([1, 2], level)


def test_no_value():
    with pytest.raises(ValueError, match='one number or more'):
        student_interval([])
