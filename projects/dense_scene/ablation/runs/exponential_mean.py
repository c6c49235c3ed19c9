"""A running mean of a curve whose points need not be evenly spaced."""

import numpy as np


def exponential_mean(
    steps: np.ndarray, values: np.ndarray, span: float
) -> np.ndarray:
    r"""The mean of all values so far, older ones counting less.

    .. math::
        m_i = \frac{\sum_{j \le i} w_{ij} x_j}{\sum_{j \le i} w_{ij}},
        \qquad w_{ij} = e^{-(t_i - t_j) / s}

    A value that lies ``span`` steps back counts 1/e of the newest, however
    many lie between, so that a log of every iteration and one of every 50th
    are smoothed alike. The division makes the first mean the first value; a
    plain moving average begins at 0 or sticks to its first value.

    Args:
        steps (np.ndarray): (N,), rising.
        values (np.ndarray): (N,). NaN and infinite ones are passed over.
        span (float): In steps; 0 gives the values back.

    Returns:
        np.ndarray: (N,) float64; NaN before the first finite value.

    Raises:
        ValueError: If the span is negative or not finite.
    """
    if not (np.isfinite(span) and span >= 0):
        raise ValueError(
            f'span must be a number of steps from 0 on, but got {span!r}. '
            'Use for example 100.'
        )
    values = np.asarray(values, np.float64)
    if span == 0 or not len(values):
        return values.copy()
    decays = np.exp(-np.diff(steps, prepend=steps[0]) / span)
    means = np.empty(len(values))
    total = weight = 0.0
    for i, (decay, value) in enumerate(zip(decays.tolist(), values.tolist())):
        total, weight = total * decay, weight * decay
        if np.isfinite(value):
            total, weight = total + value, weight + 1
        means[i] = total / weight if weight else np.nan
    return means
