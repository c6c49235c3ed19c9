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

PROBABILITIES = (
    0, .001, .005, .01, .025, .05, .1, .15, .2, .3, .4, .5, .6, .7, .8, .85,
    .9, .95, .975, .99, .995, .999, 1)  # fmt: skip
COUNTS = (
    1, 26, 59, 69, 90, 102, 112, 117, 120, 126, 131, 138, 145, 155, 169,
    180, 195, 224, 254, 307, 358, 478, 718)  # fmt: skip
COVERS = (
    .064, .115, .166, .188, .225, .256, .291, .317, .337, .374, .405, .434,
    .463, .490, .523, .541, .564, .599, .625, .665, .685, .724,
    .760)  # fmt: skip
THIN_COUNTS = (1, 12, 29, 51, 70, 92, 105, 120)
THIN_FACTORS = (.05, .11, .51, .58, .72, .87, .94, 1.)


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
