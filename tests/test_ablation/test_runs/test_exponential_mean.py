"""The running mean, by hand and by its properties."""

import numpy as np
import pytest

from dense_scene.ablation.runs.exponential_mean import exponential_mean

# A value one step back counts half as much: exp(-1 / span) = 1 / 2.
HALF = 1 / np.log(2)


def test_by_hand():
    # 1;  (1/2 * 1 + 4) / (3/2) = 3;  then two steps on, weights 1/8, 1/4, 1:
    # (1/8 + 4/4 + 2.875) / (11/8) = 4 / 1.375
    means = exponential_mean([10, 11, 13], [1, 4, 2.875], HALF)
    np.testing.assert_allclose(means, [1, 3, 4 / 1.375], rtol=1e-12)


def test_the_definition():
    rng = np.random.default_rng(0)
    steps = np.cumsum(rng.integers(1, 60, 50))
    values = rng.normal(size=50)
    ages = steps[:, None] - steps
    weights = np.where(ages >= 0, np.exp(-ages / 37), 0)
    expected = weights @ values / weights.sum(axis=1)
    np.testing.assert_allclose(
        exponential_mean(steps, values, 37), expected, rtol=1e-9
    )


def test_values_that_are_not_finite_are_passed_over():
    values = [np.nan, 1, np.inf, 4, np.nan]
    # 4 is two steps after 1: (1/4 + 4) / (5/4) = 3.4
    np.testing.assert_allclose(
        exponential_mean(np.arange(5), values, HALF),
        [np.nan, 1, 1, 3.4, 3.4],
        rtol=1e-12,
    )


@pytest.mark.parametrize('count', [0, 1, 600])
def test_a_constant_stays(count):
    steps = np.arange(count) ** 2
    means = exponential_mean(steps, np.full(count, 0.7), 5)
    np.testing.assert_allclose(means, np.full(count, 0.7), rtol=1e-12)


def test_no_span_gives_a_copy_of_the_values():
    values = np.array([1, np.nan, 3])
    means = exponential_mean(np.arange(3), values, 0)
    np.testing.assert_array_equal(means, values)
    assert means is not values


@pytest.mark.parametrize('span', [-1, np.nan, np.inf])
def test_span_is_checked(span):
    with pytest.raises(ValueError, match='span must be a number of steps'):
        exponential_mean(np.arange(2), np.arange(2), span)
