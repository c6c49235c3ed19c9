"""How much of each object a window shows."""

import numpy as np


def visible_fraction(boxes: np.ndarray, windows: np.ndarray) -> np.ndarray:
    """The share of every box's area that lies within every window.

    Args:
        boxes (np.ndarray): (N, 4), xyxy, pixels.
        windows (np.ndarray): (T, 4), xyxy, pixels.

    Returns:
        np.ndarray: (T, N) float64, 0 to 1. Exactly 1 for a box that lies
        within the window, edges included; 0 for a box without area.

    Example:
        >>> # A window over the right quarter of a box of 8 x 5
        >>> visible_fraction(
        ...     np.array([[0, 0, 8, 5]]), np.array([[6, 0, 20, 20]])
        ... )
        array([[0.25]])
    """
    boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
    windows = np.asarray(windows, np.float64).reshape(-1, 1, 4)
    low = np.maximum(boxes[:, :2], windows[..., :2])
    high = np.minimum(boxes[:, 2:], windows[..., 2:])
    seen = np.clip(high - low, 0, None).prod(axis=2)
    areas = np.clip(boxes[:, 2:] - boxes[:, :2], 0, None).prod(axis=1)
    return np.divide(seen, areas, out=np.zeros_like(seen), where=areas > 0)
