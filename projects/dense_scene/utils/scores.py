"""Scores against thresholds, in float32 as models compare them.

A score that a model gave is float32, also where a file holds it in float64:
0.3 became 0.30000001192, which is not above 0.3, and 0.7 became 0.69999998808,
which does reach 0.7.
"""

import numpy as np


def are_above(scores: np.ndarray, threshold: float) -> np.ndarray:
    """``scores > threshold`` of (N,) scores, as in mmdet's heads."""
    return np.asarray(scores, np.float32) > np.float32(threshold)


def reach(scores: np.ndarray, threshold: float) -> np.ndarray:
    """``scores >= threshold`` of (N,) scores."""
    return np.asarray(scores, np.float32) >= np.float32(threshold)
