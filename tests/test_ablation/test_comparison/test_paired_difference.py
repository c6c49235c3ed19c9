"""Differences by seed, and what chance alone would do."""

import math

import numpy as np
import pytest
from scipy import stats

from dense_scene.ablation.comparison.paired_difference import paired_difference


def test_by_hand():
    # Differences 0.02, 0.03, 0.04: mean 0.03, s = 0.01, t(0.975, 2) = 4.3027,
    # so 4.3027 * 0.01 / sqrt(3) = 0.024842. All of one sign: of the 8
    # assignments of signs, 2 are as extreme.
    first = {0: 0.1, 1: 0.2, 2: 0.3, 7: 9.0}
    second = {2: 0.34, 1: 0.23, 0: 0.12, 5: 0.0}
    found = paired_difference(first, second)
    assert found.seeds == 3
    assert found.mean == pytest.approx(0.03)
    assert found.half_width == pytest.approx(0.024842, abs=1e-6)
    assert found.p_value == pytest.approx(0.25)


def test_as_scipys_paired_t_test():
    generator = np.random.default_rng(0)
    first, second = generator.normal(size=(2, 5))
    found = paired_difference(dict(enumerate(first)), dict(enumerate(second)))
    interval = stats.ttest_rel(second, first).confidence_interval()
    ends = found.mean - found.half_width, found.mean + found.half_width
    assert ends == pytest.approx(tuple(interval))
    assert 1 / 16 <= found.p_value <= 1


def test_one_seed_has_no_interval_and_none_no_difference():
    found = paired_difference({3: 0.5}, {3: 0.6, 4: 0.1})
    assert found.mean == pytest.approx(0.1)
    assert math.isnan(found.half_width) and math.isnan(found.p_value)
    assert paired_difference({0: 0.5}, {1: 0.6}) is None
    assert paired_difference({}, {}) is None
