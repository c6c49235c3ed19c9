"""Operations on the content of boxes only."""

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from dense_scene.datasets.transforms.auto_augment.box_operations import (
    BOX_OPERATIONS,
)

from .helpers import noise, run

NAMES = tuple(BOX_OPERATIONS)


def shelf(columns=20, rows=15, width=24, height=30):
    """300 boxes, some of which touch and some overlap."""
    x, y = np.meshgrid(np.arange(columns), np.arange(rows))
    corner = np.stack([x * 28.0 + 6 * (y % 2), y * 34.0 - 3 * (x % 3)], -1)
    corner = corner.reshape(-1, 2) + 7
    return np.concatenate([corner, corner + [width, height]], axis=1)


@pytest.mark.parametrize('name', NAMES)
def test_pixels_outside_300_boxes_stay(name):
    image, boxes = noise(530, 580), shelf()
    boxes[7] += 0.3  # parts of pixels
    assert len(boxes) == 300
    outside = np.ones(image.shape[:2], bool)
    for x1, y1, x2, y2 in boxes:
        outside[
            int(np.floor(y1)) : int(np.ceil(y2)),
            int(np.floor(x1)) : int(np.ceil(x2)),
        ] = False
    assert 0.2 < outside.mean() < 0.5
    canvas = run(image, boxes, (name, 1, 7))
    assert (canvas.image[outside] == image[outside]).all()
    assert (canvas.image[~outside] != image[~outside]).any()
    assert (canvas.boxes == boxes).all()


@pytest.mark.parametrize('name', NAMES)
def test_a_third_of_the_probability_for_each_box(name):
    # Boxes apart from each other. Noise changes under any operation;
    # equalising needs 255 pixels and more for that.
    image = noise(2000, 600)
    x, y = np.meshgrid(np.arange(30), np.arange(100))
    corner = np.stack([x * 20.0, y * 20.0], -1).reshape(-1, 2)
    boxes = np.concatenate([corner, corner + 18], axis=1)
    for prob, level in ((1, 8), (0.3, 8), (0, 8)):
        changed = (
            (run(image, boxes, (name, prob, level)).image != image)
            .any(axis=2)
            .reshape(100, 20, 30, 20)
            .any(axis=(1, 3))
        )
        # 3,000 boxes at p / 3: five standard deviations are .044 at most.
        assert abs(changed.mean() - prob / 3) <= 0.044 * (prob > 0)


def only(name, image, box, level, scale=(1, 1), count=12):
    """The different results in one box, over several seeds."""
    x1, y1, x2, y2 = box
    found = {}
    for seed in range(count * 3):
        in_photo = np.divide([box], np.tile(scale, 2))
        changed = run(
            image, in_photo, (name, 1, level), seed=seed, scale=scale
        )
        crop = changed.image[y1:y2, x1:x2]
        if (crop != image[y1:y2, x1:x2]).any():
            found[crop.tobytes()] = crop
    return list(found.values())


def test_content_of_a_box_by_hand():
    image, box = noise(80, 90), (20, 10, 60, 40)
    crop = image[10:40, 20:60]
    (flipped,) = only('Flip_Only_BBoxes', image, box, 10)
    assert (flipped == crop[:, ::-1]).all()
    # The threshold at level 5 is 128.
    (solar,) = only('Solarize_Only_BBoxes', image, box, 5)
    assert (solar == np.where(crop < 128, crop, 255 - crop)).all()
    (even,) = only('Equalize_Only_BBoxes', image, box, 5)
    expected = np.asarray(ImageOps.equalize(Image.fromarray(crop)))
    assert (even == expected).all()


@pytest.mark.parametrize(
    'name,axis', [('TranslateX_Only_BBoxes', 1), ('TranslateY_Only_BBoxes', 0)]
)
def test_translation_inside_a_box(name, axis):
    image, box = noise(80, 90), (20, 10, 60, 40)
    crop = image[10:40, 20:60].swapaxes(0, axis)
    # 120 pixels at level 10 and full resolution: 12 at level 2 and half.
    results = only(name, image, box, 2, (0.5, 0.5))
    assert len(results) == 2
    ends = set()
    for result in results:
        result = result.swapaxes(0, axis)
        if (result[:12] == 128).all():
            assert (result[12:] == crop[:-12]).all()
            ends.add('forth')
        else:
            assert (result[-12:] == 128).all()
            assert (result[:-12] == crop[12:]).all()
            ends.add('back')
    assert ends == {'forth', 'back'}
    # Further than the box is long: nothing but gray.
    (gray,) = only(name, image, box, 10)
    assert (gray == 128).all()


@pytest.mark.parametrize(
    'name', ['Rotate_Only_BBoxes', 'ShearX_Only_BBoxes', 'ShearY_Only_BBoxes']
)
def test_warp_inside_a_box(name):
    """As if the box were an image of its own."""
    image, box = noise(80, 90), (20, 10, 60, 40)
    crop = np.ascontiguousarray(image[10:40, 20:60])
    whole = name.replace('Only_BBoxes', 'BBox')
    expected = {
        run(crop, [], (whole, 1, 6), seed=s).image.tobytes() for s in range(9)
    }
    found = {c.tobytes() for c in only(name, image, box, 6)}
    assert len(found) == 2 and found == expected


def test_cutout_inside_a_box():
    image = np.zeros((80, 90, 3), np.uint8)
    # Half a side of 50 pixels at level 10: 5 at level 2 and half size.
    for crop in only(
        'Cutout_Only_BBoxes', image, (20, 10, 60, 40), 2, (0.5, 0.5)
    ):
        x, y, width, height = cv2.boundingRect(crop[..., 0])
        assert (crop[y : y + height, x : x + width] == 128).all()
        assert width == 10 or (width < 10 and (x == 0 or x + width == 40))
        assert height == 10 or (height < 10 and (y == 0 or y + height == 30))


@pytest.mark.parametrize('name', NAMES)
def test_boxes_without_pixels(name):
    image = noise(30, 40)
    boxes = [
        [5, 5, 5, 20],
        [5, 5, 20, 5],
        [-9, -9, -1, -1],
        [40, 0, 60, 9],
        [3.6, 3, 4.4, 9],
        [0, 0, 0, 0],
    ]
    for seed in range(5):
        assert run(image, boxes * 5, (name, 1, 7), seed=seed).image is image
    assert run(image, [], (name, 1, 7)).image is image


@pytest.mark.parametrize('name', NAMES)
def test_boxes_across_the_edge_and_of_one_pixel(name):
    image = noise(30, 40)
    boxes = np.array([[-9, -9, 50, 50], [39, 29, 45, 31], [7, 7, 8, 8]] * 20)
    canvas = run(image, boxes, (name, 1, 7))
    assert canvas.image.shape == image.shape
    assert (canvas.boxes == boxes).all()
