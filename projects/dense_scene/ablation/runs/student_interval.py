"""The mean of a few runs, with its uncertainty."""

import math
from collections.abc import Sequence

import numpy as np
from scipy import stats  # a run-time need of mmdet


def student_interval(
    values: Sequence[float], level: float = 0.95
) -> tuple[float, float]:
    """The mean, and half the width of Student's interval around it.

    ``mean +- t_{(1 + level) / 2, n - 1} s / sqrt(n)``, with ``s`` the sample
    standard deviation (n - 1 in the denominator): the mean of runs that
    differ in their seed alone, if their results are about normal. With three
    seeds t is 4.30, so the interval is wide, and rightly so.

    Args:
        values (Sequence[float]): (n,), one result of each run.
        level (float): Share of such intervals that hold the true mean.
            Defaults to 0.95.

    Returns:
        tuple[float, float]: Mean and half width; the latter is nan for a
        single value, which says nothing about its own spread.

    Raises:
        ValueError: If there is no value, or ``level`` is not within (0, 1).
    """
    numbers = np.asarray(values, float)
    if not numbers.size:
        raise ValueError('values must be one number or more, but got none.')
    if not 0 < level < 1:
        raise ValueError(
            f'level must be between 0 and 1, but got {level!r}. Use 0.95.'
        )
    count = numbers.size
    if count == 1:
        return float(numbers[0]), math.nan
    error = numbers.std(ddof=1) / math.sqrt(count)
    quantile = stats.t.ppf((1 + level) / 2, count - 1)
    return float(numbers.mean()), float(quantile * error)
