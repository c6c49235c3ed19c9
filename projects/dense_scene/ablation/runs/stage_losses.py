"""The losses of each cascade stage over training, out of a run's log."""

import ast
import os
import re
from pathlib import Path

import numpy as np
import pandas as pd

from .scalars import find_logs, read_scalars

# The two losses of Fig. 6, as mmdet's BBoxHead names them.
LOSSES = ('loss_cls', 'loss_bbox')
_WEIGHTS = re.compile(r'stage_loss_weights=(\[[\d.,\s]*\])')
_KEY = re.compile(r'(?:train/)?s(\d{1,2})\.(loss_cls|loss_bbox)')


def read_stage_losses(
    path: str | os.PathLike, unweighted: bool = False
) -> pd.DataFrame:
    """The losses as mmengine logged them.

    A run that was resumed is one curve: what it did again replaces what it
    had done.

    Args:
        path (str | PathLike): Of :func:`find_logs`.
        unweighted (bool): Divide by the ``stage_loss_weights`` of the config
            beside the log. It is parsed, never run. Defaults to False.

    Returns:
        DataFrame: A row for each value: ``step`` (the iteration, rising),
        ``stage`` (1 for the first), ``loss`` (one of ``LOSSES``), ``value``.
    """
    rows: dict[int, list] = {}
    for line in read_scalars(path):
        step = line['step']
        losses = [
            (step, int(key[1]) + 1, key[2], float(value))
            for name, value in line.items()
            if (key := _KEY.fullmatch(name))
        ]
        if losses:
            while rows and next(reversed(rows)) >= step:
                rows.popitem()
            rows[step] = losses
    if not rows:
        raise ValueError(
            f'{path} must log losses of cascade stages, but has no '
            's0.loss_cls. Train for longer than logger.interval.'
        )
    values = [value for losses in rows.values() for value in losses]
    table = pd.DataFrame(values, columns=['step', 'stage', 'loss', 'value'])
    if unweighted:
        config = find_logs(path)[-1].with_name('config.py')
        weights = _stage_weights(config, table['stage'].max())
        table['value'] /= weights[table['stage'] - 1]
    return table


def _stage_weights(config: Path, stages: int) -> np.ndarray:
    found = _WEIGHTS.search(config.read_text(encoding='utf-8'))
    weights = np.array(ast.literal_eval(found[1] if found else '[]'), float)
    if len(weights) != stages or weights.min() <= 0:
        what = f'{config} must have {stages} stage_loss_weights above 0'
        raise ValueError(f'{what}, but got {weights.tolist()}.')
    return weights


def exponential_mean(
    steps: np.ndarray, values: np.ndarray, span: float
) -> np.ndarray:
    r"""The mean of all values so far, older ones counting less.

    .. math::
        m_i = \frac{\sum_{j \le i} w_{ij} x_j}{\sum_{j \le i} w_{ij}},
        \qquad w_{ij} = e^{-(t_i - t_j) / s}

    A value ``span`` steps back counts 1/e of the newest, however many lie
    between: logs of every iteration and of every 50th are smoothed alike.
    NaN and infinite values are passed over; a span of 0 gives all back.
    (pandas' ``ewm`` takes dates for steps and rounds its half-life.)
    """
    means = np.array(values, np.float64)
    if span == 0:
        return means
    decays = np.exp(-np.diff(steps, prepend=steps[:1]) / span)
    total = weight = 0.0
    for i, (decay, value) in enumerate(zip(decays.tolist(), means.tolist())):
        total, weight = total * decay, weight * decay
        if np.isfinite(value):
            total, weight = total + value, weight + 1
        means[i] = total / weight if weight else np.nan
    return means
