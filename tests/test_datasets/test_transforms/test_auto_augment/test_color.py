"""Colour operations at every level against Pillow."""

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps

from shelf_scenes.render import render_shelf

from .helpers import noise, run

NO_BOX = np.zeros((0, 4))


def enhance(kind):
    return lambda image, level: kind(image).enhance(level / 10 * 1.8 + 0.1)


def posterize(image, level):
    # Pillow refuses 0 bits, what the lowest levels ask for: see posterize().
    return ImageOps.posterize(image, max(1, int(level / 10 * 4)))


def solarize_add(image, level):
    add = int(level / 10 * 110)
    table = [min(255, v + add) if v < 128 else v for v in range(256)]
    return image.point(table * 3)


ORACLES = dict(
    AutoContrast=lambda image, level: ImageOps.autocontrast(image),
    Equalize=lambda image, level: ImageOps.equalize(image),
    Posterize=posterize,
    Solarize=lambda image, level: ImageOps.solarize(
        image, int(level / 10 * 256)
    ),
    SolarizeAdd=solarize_add,
    Color=enhance(ImageEnhance.Color),
    Contrast=enhance(ImageEnhance.Contrast),
    Brightness=enhance(ImageEnhance.Brightness),
    Sharpness=enhance(ImageEnhance.Sharpness),
)


@pytest.fixture(scope='module')
def images():
    dull = (noise(90, 70) // 3 + 60).astype(np.uint8)
    tinted = (dull * np.array([0.5, 1, 1.3])).astype(np.uint8)
    constant = np.empty((20, 30, 3), np.uint8)
    constant[:] = 17, 130, 201
    photo = render_shelf(seed=3, size=160, objects=(9, 9))[0]
    return [
        noise(90, 70),
        tinted,
        constant,
        photo,
        noise(1, 1),
        np.full((9, 9, 3), 255, np.uint8),
    ]


def pillow(image, operation, level):
    rgb = Image.fromarray(image[..., ::-1].copy())
    return np.asarray(operation(rgb, level))[..., ::-1].astype(int)


@pytest.mark.parametrize('name', ORACLES)
def test_within_one_level_of_pillow(images, name):
    for image in images:
        before = image.copy()
        for level in range(11):
            found = run(image, NO_BOX, (name, 1, level)).image
            expected = pillow(image, ORACLES[name], level)
            assert found.dtype == np.uint8 and found.shape == image.shape
            assert abs(found - expected).max() <= 1, level
        assert (image == before).all()


@pytest.mark.parametrize(
    'names',
    [
        ('Brightness', 'AutoContrast', 'Brightness'),
        ('SolarizeAdd', 'Equalize', 'Solarize'),
        ('Posterize', 'Contrast', 'Equalize'),
        ('Equalize', 'Color', 'AutoContrast'),
    ],
)
def test_joined_tables_equal_one_after_another(images, names):
    """Tables are joined and histograms passed through them."""
    for image in images:
        joined = run(image, NO_BOX, *((name, 1, 6) for name in names)).image
        for name in names:
            image = run(image, NO_BOX, (name, 1, 6)).image
        # Contrast takes the mean from the histograms if they are there: it
        # is the same but for the rounding of each pixel's luma.
        assert abs(joined.astype(int) - image).max() <= (
            1 if 'Contrast' in names else 0
        )


def test_level_without_effect_passes_the_image_on(images):
    # Factor 1; threshold 256; nothing to add.
    for step in (
        ('Color', 1, 5),
        ('Sharpness', 1, 5),
        ('Brightness', 1, 5),
        ('Contrast', 1, 5),
        ('Solarize', 1, 10),
        ('SolarizeAdd', 1, 0),
    ):
        assert run(images[0], NO_BOX, step).image is images[0]
