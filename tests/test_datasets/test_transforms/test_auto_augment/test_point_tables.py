"""Lookup tables against Pillow, value by value."""

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps

from dense_scene.datasets.transforms.auto_augment.point_tables import (
    autocontrast_table,
    blend_table,
    equalize_table,
    posterize_table,
    solarize_add_table,
    solarize_table,
)

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
    for grey in (0, 1, 77, 255):
        degenerate = Image.new('L', RAMP.size, grey)
        expected = np.asarray(Image.blend(degenerate, RAMP, factor))[0]
        assert (blend_table(grey, factor) == expected).all()
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
