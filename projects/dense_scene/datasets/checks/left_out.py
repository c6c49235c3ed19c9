"""Boxes that are left out, counted by reason."""

from collections.abc import Mapping

import numpy as np


def leave_out(
    reasons: Mapping[str, np.ndarray],
) -> tuple[np.ndarray, dict[str, int]]:
    """Which boxes are kept, (N,) bool, and how many each reason leaves out.

    ``reasons`` are (N,) bool by reason; a box counts for its first one.
    """
    left = np.zeros(len(next(iter(reasons.values()))), bool)
    counts = {}
    for reason, mask in reasons.items():
        counts[reason] = int((mask & ~left).sum())
        left |= mask
    return ~left, counts


def describe_left_out(counts: Mapping[str, int], things: str = 'boxes') -> str:
    """``'left out 3 boxes: 2 inverted, 1 thinner than a pixel'``."""
    total = sum(counts.values())
    told = ', '.join(f'{n} {why}' for why, n in counts.items() if n)
    return f'left out {total} {things}' + f': {told}' * bool(total)


def describe_ignored(ignored: np.ndarray) -> str:
    """A line on (N,) flags of which more than half are set, or ''."""
    count = int(ignored.sum())
    if 2 * count <= len(ignored):
        return ''
    return (
        f'{count} of {len(ignored)} boxes are crowd regions (iscrowd), which '
        'are neither found nor missed. Set iscrowd to 0 where each is one '
        'object, as in masks of CVAT or SAM'
    )
