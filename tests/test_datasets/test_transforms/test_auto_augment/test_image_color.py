"""Colour operations on images against Pillow and NumPy."""

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageFilter

from dense_scene.datasets.transforms.auto_augment.image_color import (
    count_levels,
    map_levels,
    mean_luma,
    mean_luma_of_levels,
    saturate,
    sharpen,
)

FACTORS = [0, 0.1, 0.46, 0.82, 1, 1.18, 1.54, 1.9]


@pytest.fixture
def noise():
    # More rows than two strips of 64, and not a multiple of them.
    return np.random.default_rng(0).integers(0, 256, (141, 37, 3), np.uint8)


def to_pillow(image):
    return Image.fromarray(image[..., ::-1].copy())


def from_pillow(image):
    return np.asarray(image)[..., ::-1].astype(int)


def test_count_levels(noise):
    noise[:, :, 2] //= 3
    expected = [
        np.bincount(noise[..., c].ravel(), minlength=256) for c in range(3)
    ]
    assert (count_levels(noise) == expected).all()


def test_mean_luma(noise):
    noise[..., 0] //= 7  # so that the order of the channels matters
    expected = np.asarray(to_pillow(noise).convert('L')).mean()
    assert abs(mean_luma(noise) - expected) < 0.05
    assert abs(mean_luma_of_levels(count_levels(noise)) - expected) < 0.05


def test_map_levels(noise):
    tables = np.random.default_rng(1).integers(0, 256, (3, 256), np.uint8)
    for used in (tables, tables[[1, 1, 1]]):
        expected = np.stack([t[noise[..., c]] for c, t in enumerate(used)], 2)
        before = noise.copy()
        assert (map_levels(noise, used) == expected).all()
        assert (noise == before).all()
        out = noise.copy()
        assert map_levels(out, used, out) is out
        assert (out == expected).all()


@pytest.mark.parametrize('factor', FACTORS)
def test_saturate(noise, factor):
    noise[:40] = noise[:40, :, :1]
    expected = ImageEnhance.Color(to_pillow(noise)).enhance(factor)
    found = saturate(noise, factor)
    assert abs(found - from_pillow(expected)).max() <= 1
    assert (found[:40] == noise[:40]).all()  # grey stays grey


@pytest.mark.parametrize('factor', FACTORS)
def test_sharpen(noise, factor):
    noise[:40] = 201
    expected = ImageEnhance.Sharpness(to_pillow(noise)).enhance(factor)
    found = sharpen(noise, factor)
    assert abs(found - from_pillow(expected)).max() <= 1
    assert (found[:39] == 201).all()
    for edge in (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1]):
        assert (found[edge] == noise[edge]).all()


def test_sharpen_at_zero_is_pillows_smoothing(noise):
    expected = from_pillow(to_pillow(noise).filter(ImageFilter.SMOOTH))
    assert abs(sharpen(noise, 0) - expected).max() <= 1


@pytest.mark.parametrize('shape', [(1, 1), (1, 9), (9, 2), (3, 3), (66, 3)])
def test_sharpen_small_images(noise, shape):
    image = np.ascontiguousarray(noise[: shape[0], : shape[1]])
    expected = ImageEnhance.Sharpness(to_pillow(image)).enhance(1.9)
    assert abs(sharpen(image, 1.9) - from_pillow(expected)).max() <= 1
