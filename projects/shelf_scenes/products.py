"""The kinds of products: their proportions and their outlines."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

OUTLINE_POINTS = 48


@dataclass(frozen=True)
class Kind:
    """The build of a product.

    Attributes:
        aspect: Range of width / height.
        width: Usual width as a share of the height between two boards.
        stack: Most products that stand on one another.
        surface: 'round', 'flat' or 'foil': how it takes the light.
        label: Range of the height (0 top, 1 bottom) the label covers.
        profile: (height, half-width) pairs from top to bottom, 1 = widest.
    """

    aspect: tuple[float, float]
    width: float
    stack: int
    surface: str
    label: tuple[float, float]
    profile: tuple[tuple[float, float], ...]


KINDS = {
    'carton': Kind((0.55, 0.85), 0.42, 2, 'flat', (0, 1), ((0, 1), (1, 1))),
    'brick': Kind(
        (0.36, 0.46),
        0.27,
        1,
        'flat',
        (0.14, 1),
        ((0, 0.9), (0.05, 0.9), (0.055, 0.84), (0.14, 1), (1, 1)),
    ),
    'bottle': Kind(
        (0.26, 0.34),
        0.24,
        1,
        'round',
        (0.5, 0.84),
        (
            (0, 0.36),
            (0.075, 0.36),
            (0.08, 0.3),
            (0.16, 0.3),
            (0.36, 0.95),
            (0.42, 1),
            (0.96, 1),
            (1, 0.92),
        ),
    ),
    'wine': Kind(
        (0.24, 0.29),
        0.22,
        1,
        'round',
        (0.56, 0.88),
        (
            (0, 0.34),
            (0.06, 0.34),
            (0.065, 0.29),
            (0.28, 0.3),
            (0.4, 0.9),
            (0.46, 1),
            (0.98, 1),
            (1, 0.95),
        ),
    ),
    'jug': Kind(
        (0.48, 0.62),
        0.38,
        1,
        'round',
        (0.36, 0.9),
        (
            (0, 0.36),
            (0.13, 0.38),
            (0.135, 0.3),
            (0.17, 0.34),
            (0.3, 0.94),
            (0.36, 1),
            (0.9, 0.97),
            (1, 0.88),
        ),
    ),
    'can': Kind(
        (0.52, 0.64),
        0.22,
        3,
        'round',
        (0.05, 0.95),
        (
            (0, 0.88),
            (0.02, 0.9),
            (0.07, 1),
            (0.94, 1),
            (0.98, 0.92),
            (1, 0.88),
        ),
    ),
    'jar': Kind(
        (0.6, 0.8),
        0.28,
        2,
        'round',
        (0.34, 0.88),
        (
            (0, 0.86),
            (0.18, 0.88),
            (0.185, 0.8),
            (0.27, 0.97),
            (0.32, 1),
            (0.94, 1),
            (1, 0.9),
        ),
    ),
    'tub': Kind(
        (0.9, 1.25),
        0.34,
        3,
        'round',
        (0.1, 1),
        ((0, 0.99), (0.09, 1), (0.1, 0.95), (1, 0.78)),
    ),
    'pouch': Kind(
        (0.64, 0.8),
        0.44,
        1,
        'foil',
        (0.04, 0.96),
        (
            (0, 0.97),
            (0.05, 0.95),
            (0.16, 0.92),
            (0.4, 1),
            (0.72, 1),
            (0.94, 0.94),
            (1, 0.98),
        ),
    ),
}

# What stands together in one aisle.
AISLES = (
    ('bottle', 'can', 'bottle'),
    ('wine', 'bottle'),
    ('carton', 'pouch', 'carton'),
    ('jug', 'bottle', 'jug'),
    ('jar', 'can', 'jar'),
    ('tub', 'brick', 'jar'),
    ('pouch', 'carton', 'can'),
    ('brick', 'carton', 'bottle'),
)


def half_widths(kind: Kind, heights: np.ndarray) -> np.ndarray:
    """Half-width (1 = widest) at heights 0 (top) to 1 (bottom)."""
    at, radius = np.array(kind.profile).T
    index = np.clip(np.searchsorted(at, heights, 'right') - 1, 0, len(at) - 2)
    part = np.clip((heights - at[index]) / np.diff(at)[index], 0, 1)
    part = part * part * (3 - 2 * part)  # rounds shoulders and lids
    return radius[index] + part * np.diff(radius)[index]


def body_span(kind: Kind, bend: float) -> tuple[float, float]:
    """Heights in the frame of the axis' upper and lower end.

    ``bend`` is the half-height of the widest circle as the camera sees it,
    as a share of the frame's height; negative above eye level.
    """
    top, bottom = kind.profile[0][1], kind.profile[-1][1]
    return abs(bend) * top, 1 - max(bend, 0) * bottom


@lru_cache(maxsize=4096)  # facings of a run, and of planning rounds, agree
def outline(kind: Kind, bend: float) -> np.ndarray:
    """The silhouette in a unit frame: (OUTLINE_POINTS, 2), x right, y down.

    It touches all four sides of the frame. Round products end in arcs of
    the circles that the camera sees there, flat ones have ``bend`` 0.
    """
    arc = np.sin(np.linspace(-np.pi / 2, np.pi / 2, 9))
    rise = np.sqrt(1 - arc**2)
    low, high = body_span(kind, bend)
    heights = np.linspace(0, 1, (OUTLINE_POINTS - 18) // 2)
    side = half_widths(kind, heights)
    side_y = low + heights * (high - low)
    top = np.stack([arc * side[0], low - abs(bend) * side[0] * rise], 1)
    foot = np.stack([arc * side[-1], high + bend * side[-1] * rise], 1)
    points = np.concatenate(
        [
            top,
            np.stack([side, side_y], 1),
            foot[::-1],
            np.stack([-side, side_y], 1)[::-1],
        ]
    )
    points[:, 0] = points[:, 0] / side.max() / 2 + 0.5
    points.flags.writeable = False  # the cache hands it out again
    return points
