"""Orientations are those of Pillow."""

import numpy as np
import pytest
from PIL import Image, ImageOps

from dense_scene.functional.image_orientation import (
    apply_orientation,
    swaps_sides,
)


@pytest.mark.parametrize('orientation', range(1, 9))
@pytest.mark.parametrize('shape', [(2, 3, 3), (2, 3), (1, 1, 3)])
def test_equals_pillow(orientation, shape):
    image = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    stored = Image.fromarray(image)
    stored.getexif()[0x0112] = orientation
    expected = np.asarray(ImageOps.exif_transpose(stored))
    found = apply_orientation(image, orientation)
    np.testing.assert_array_equal(found, expected)
    if shape[0] != shape[1]:
        assert swaps_sides(orientation) == (found.shape[:2] == shape[1::-1])


@pytest.mark.parametrize('orientation', [0, 9, 65535])
def test_other_values_mean_nothing(orientation):
    image = np.zeros((2, 3, 3), np.uint8)
    assert apply_orientation(image, orientation) is image
    assert not swaps_sides(orientation)
