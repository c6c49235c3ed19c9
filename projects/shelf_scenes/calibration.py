"""How many products a shelf photograph shows, and how much they cover.

The tables are quantiles of the 11,689 usable SKU-110K images (Goldman et
al., CVPR 2019; counts and covered areas as published by Dataset Ninja),
read at ``PROBABILITIES`` and joined by straight lines. The count has mean
147.4 (1 to 718), the covered area mean 42.6 % of the image.

Count and cover are nearly independent (correlation 0.02) but for thin
scenes: images with fewer than 110 objects (8 % of all) cover less. So the
cover is drawn from the images with 110 objects or more and multiplied by
``THIN_FACTORS``, the ratio of mean covers at those counts.

Width and height of the single boxes are not published with these figures;
they follow from count and cover (the mean box area is their ratio) and
from the proportions of the product kinds.
"""

import numpy as np


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(float(number) for number in text.split())


PROBABILITIES = _numbers(
    '0 0.001 0.005 0.01 0.025 0.05 0.1 0.15 0.2 0.3 0.4 0.5 0.6 0.7 0.8 '
    '0.85 0.9 0.95 0.975 0.99 0.995 0.999 1'
)
COUNTS = _numbers(
    '1 26 59 69 90 102 112 117 120 126 131 138 145 155 169 180 195 224 254 '
    '307 358 478 718'
)
COVERS = _numbers(
    '0.064 0.115 0.166 0.188 0.225 0.256 0.291 0.317 0.337 0.374 0.405 '
    '0.434 0.463 0.490 0.523 0.541 0.564 0.599 0.625 0.665 0.685 0.724 '
    '0.760'
)
THIN_COUNTS = (1, 12, 29, 51, 70, 92, 105, 120)
THIN_FACTORS = (0.05, 0.11, 0.51, 0.58, 0.72, 0.87, 0.94, 1.0)


def draw_count(rng: np.random.Generator) -> int:
    """Draw the number of objects of one image."""
    return round(float(np.interp(rng.random(), PROBABILITIES, COUNTS)))


def draw_cover(rng: np.random.Generator, count: int | None = None) -> float:
    """Draw the share of the image that its objects cover, in 0..1.

    Args:
        rng: Source of randomness.
        count: Number of objects; below 110 the cover is thinned as in the
            photographs. None leaves it as in well-filled scenes.
    """
    cover = float(np.interp(rng.random(), PROBABILITIES, COVERS))
    if count is None:
        return cover
    return cover * float(np.interp(count, THIN_COUNTS, THIN_FACTORS))
