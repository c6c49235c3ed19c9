"""The difference of two rows, paired by seed."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import stats

from ..runs.seeds import student_interval

# Up to so many pairs every assignment of signs is counted.
_EXACT = 12


@dataclass(frozen=True)
class PairedDifference:
    """Second minus first.

    Args:
        mean (float): Over the seeds that both have.
        half_width (float): Of Student's 95% interval; nan for one seed.
        p_value (float): Of the permutation test, two-sided; nan for one seed.
        seeds (int): How many.
    """

    mean: float
    half_width: float
    p_value: float
    seeds: int


def paired_difference(
    first: Mapping[int, float], second: Mapping[int, float]
) -> PairedDifference | None:
    """Compare results by seed; None if no seed is in both.

    The permutation test (scipy) exchanges the two results of a seed. Of n
    seeds no p-value can be below 2 / 2^n: 0.0625 for five.
    """
    seeds = sorted({*first} & {*second})
    if not seeds:
        return None
    before = np.array([first[seed] for seed in seeds])
    after = np.array([second[seed] for seed in seeds])
    mean, half = student_interval(after - before)
    p_value = float('nan')
    if len(seeds) > 1:
        p_value = stats.permutation_test(
            (after, before),
            _mean_difference,
            permutation_type='samples',
            n_resamples=2**_EXACT,
            vectorized=True,
            rng=np.random.default_rng(0),
        ).pvalue
    return PairedDifference(mean, half, float(p_value), len(seeds))


def _mean_difference(
    after: np.ndarray, before: np.ndarray, axis: int
) -> np.ndarray:
    return (after - before).mean(axis=axis)
