"""Outlines against what they must touch."""

import numpy as np
import pytest

from shelf_scenes.products import (
    AISLES,
    KINDS,
    OUTLINE_POINTS,
    Kind,
    half_widths,
    outline,
)


@pytest.mark.parametrize('name', KINDS)
@pytest.mark.parametrize('bend', [-0.03, 0.0, 0.12])
def test_outline_touches_its_frame(name, bend):
    points = outline(KINDS[name], bend)
    assert points.shape == (OUTLINE_POINTS, 2)
    np.testing.assert_allclose(points.min(0), 0, atol=1e-3)
    np.testing.assert_allclose(points.max(0), 1, atol=1e-3)
    # Left and right mirror each other.
    mirrored = points * (-1, 1) + (1, 0)
    gaps = np.linalg.norm(points[:, None] - mirrored[None], axis=-1).min(1)
    assert gaps.max() < 1e-6


def test_flat_outline_is_the_frame():
    points = outline(KINDS['carton'], 0.0)
    on_edge = np.isclose(points, 0) | np.isclose(points, 1)
    assert on_edge.any(1).all()


def test_half_widths_pass_through_the_profile():
    # The third lies half way: smoothstep(0.5) = 0.5, so (1 + 3) / 2.
    kind = Kind((1, 1), 1, 1, 'flat', (0, 1), ((0, 1.0), (1, 3.0)))
    got = half_widths(kind, np.array([0.0, 1.0, 0.5]))
    np.testing.assert_allclose(got, [1, 3, 2])


def test_aisles_hold_known_kinds():
    assert {name for aisle in AISLES for name in aisle} == set(KINDS)
