"""The fitted distributions against the figures they were fitted to."""

import csv
import os
from pathlib import Path

import numpy as np
import pytest

from shelf_scenes.calibration import draw_count, draw_cover
from shelf_scenes.layout import plan_scene

DRAWS = 20_000


def largest_gap(first: np.ndarray, second: np.ndarray) -> float:
    """Kolmogorov-Smirnov distance of two samples."""
    at = np.union1d(first, second)
    parts = [
        np.searchsorted(np.sort(sample), at, 'right') / len(sample)
        for sample in (first, second)
    ]
    return float(np.abs(parts[0] - parts[1]).max())


@pytest.fixture(scope='module')
def drawn() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    counts = np.array([draw_count(rng) for _ in range(DRAWS)])
    covers = np.array([draw_cover(rng, count) for count in counts])
    return counts, covers


@pytest.fixture(scope='module')
def photographed() -> tuple[np.ndarray, np.ndarray]:
    path = Path(os.environ.get('SKU110K_STATS', 'SKU110K_STATS is not set'))
    if not path.is_file():
        pytest.skip(f'needs the image statistics, SKU110K_STATS: {path}')
    with open(path, newline='') as file:
        rows = list(csv.DictReader(file))
    counts = np.array([int(row['objects']) for row in rows])
    covers = np.array([float(row['covered_area_percent']) for row in rows])
    return counts, covers / 100


def test_draws_match_the_photographs(drawn, photographed):
    # Two samples of 20,000 and 11,689 from one distribution differ by
    # more than 1.63 * sqrt(1/20000 + 1/11689) = 0.019 once in a hundred
    # times; the straight lines between quantiles may add 0.01.
    assert largest_gap(drawn[0], photographed[0]) < 0.029
    assert largest_gap(drawn[1], photographed[1]) < 0.029


def test_draws_keep_range_and_mean(drawn):
    counts, covers = drawn
    assert counts.min() >= 1 and counts.max() <= 718
    assert covers.min() > 0 and covers.max() <= 0.76
    # Standard deviations 49 and 0.107: means of 20,000 draws lie within
    # 0.35 and 0.0008 of 147.4 and 0.426 two times in three.
    assert counts.mean() == pytest.approx(147.4, abs=1.5)
    assert covers.mean() == pytest.approx(0.426, abs=0.005)


def test_thin_scenes_cover_less():
    # 12 objects: factor 0.11, whatever cover is drawn.
    thin = draw_cover(np.random.default_rng(5), 12)
    full = draw_cover(np.random.default_rng(5), 300)
    assert thin == pytest.approx(0.11 * full)
    assert full == draw_cover(np.random.default_rng(5))


def test_scenes_follow_the_distribution():
    # 120 scenes: standard errors 49/sqrt(120) = 4.5 objects and
    # 0.107/sqrt(120) = 0.01 of cover; three of them are allowed, plus
    # 0.01 for the cut at 0.7 and the rounding of rows.
    counts, covers = [], []
    for seed in range(120):
        scene = plan_scene(np.random.default_rng(seed), (1024, 768))
        covered = np.zeros((768, 1024), bool)
        for x1, y1, x2, y2 in np.round(scene.boxes).astype(int):
            covered[y1:y2, x1:x2] = True
        counts.append(len(scene.boxes))
        covers.append(covered.mean())
    assert np.mean(counts) == pytest.approx(147.4, abs=13.5)
    assert np.mean(covers) == pytest.approx(0.426, abs=0.04)
    assert np.std(counts) > 25 and np.std(covers) > 0.07
