"""Color operations, lookup tables first, against Pillow and NumPy."""

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from dense_scene.datasets.transforms.auto_augment.image_color import (
    autocontrast_table,
    blend_table,
    count_levels,
    equalize_table,
    map_levels,
    mean_luma,
    mean_luma_of_levels,
    posterize_table,
    saturate,
    sharpen,
    solarize_add_table,
    solarize_table,
)

FACTORS = [0, 0.1, 0.46, 0.82, 1, 1.18, 1.54, 1.9]
RAMP = Image.fromarray(np.arange(256, dtype=np.uint8)[None])


@pytest.mark.parametrize('bits', range(1, 9))
def test_posterize(bits):
    expected = np.asarray(ImageOps.posterize(RAMP, bits))[0]
    assert (posterize_table(bits) == expected).all()


@pytest.mark.parametrize('threshold', [0, 1, 128, 255, 256])
def test_solarize(threshold):
    expected = np.asarray(ImageOps.solarize(RAMP, threshold))[0]
    assert (solarize_table(threshold) == expected).all()


def test_solarize_add_by_hand():
    table = solarize_add_table(110)
    # 127 + 110 = 237; 128 is the first that stays.
    assert table[[0, 17, 127, 128, 255]].tolist() == [110, 127, 237, 128, 255]
    # 127 + 200 is more than 255.
    assert solarize_add_table(200)[[54, 55, 56, 127]].tolist() == [
        254,
        255,
        255,
        255,
    ]
    assert (solarize_add_table(0) == np.arange(256)).all()


@pytest.mark.parametrize('factor', [0, 0.1, 0.28, 0.82, 1, 1.18, 1.9])
def test_blend(factor):
    for gray in (0, 1, 77, 255):
        degenerate = Image.new('L', RAMP.size, gray)
        expected = np.asarray(Image.blend(degenerate, RAMP, factor))[0]
        assert (blend_table(gray, factor) == expected).all()
    expected = np.asarray(ImageEnhance.Brightness(RAMP).enhance(factor))[0]
    assert (blend_table(0, factor) == expected).all()


def samples():
    """Channels of several kinds, as Pillow images."""
    rng = np.random.default_rng(0)
    yield rng.integers(0, 256, (40, 50))
    yield rng.integers(90, 130, (40, 50))
    yield rng.normal(128, 30, (64, 64)).clip(0, 255)
    yield rng.choice([3, 200], (64, 64), p=[0.9, 0.1])
    yield np.full((40, 50), 77)  # one level
    yield np.arange(256).reshape(16, 16)  # each level once
    yield np.array([[5, 9]])  # too few pixels to spread
    yield np.array([[5]])


@pytest.mark.parametrize(
    'make,oracle',
    [
        (autocontrast_table, ImageOps.autocontrast),
        (equalize_table, ImageOps.equalize),
    ],
)
def test_tables_of_histograms(make, oracle):
    for sample in samples():
        sample = sample.astype(np.uint8)
        histogram = np.bincount(sample.ravel(), minlength=256)
        expected = np.asarray(oracle(Image.fromarray(sample)))
        assert (make(histogram)[sample] == expected).all()


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
    assert (found[:40] == noise[:40]).all()  # gray stays gray


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
