"""Rendered scenes: counts, boxes against pixels, determinism, errors."""

import hashlib
import subprocess
import sys
from dataclasses import replace
from itertools import cycle

import numpy as np
import pytest

from shelf_scenes.layout import capacity, plan_scene
from shelf_scenes.products import KINDS
from shelf_scenes.render import draw_scene, photograph, render_shelf
from shelf_scenes.scene import project_boxes
from shelf_scenes.sheet import draw_sheet
from shelf_scenes.sprites import Sprite, paint_product
from shelf_scenes.stock import place_facing

CASES = [
    (1, (256, 256)),
    (2, (160, 640)),
    (37, (400, 300)),
    (147, (512, 512)),
    (389, (351, 133)),  # as many as fit: 351 * 133 * 0.4 / 48
    (600, (1024, 768)),
]


@pytest.mark.parametrize(('count', 'size'), CASES)
def test_count_and_boxes(count, size):
    image, boxes = render_shelf(count, size, (count, count))
    assert image.shape == (size[1], size[0], 3) and image.dtype == np.uint8
    assert boxes.shape == (count, 4) and boxes.dtype == np.float32
    assert (boxes[:, :2] >= 0).all()
    assert (boxes[:, 2:] <= size).all()
    assert (boxes[:, 2:] - boxes[:, :2] >= 1).all()
    assert len(np.unique(boxes, axis=0)) == count
    assert image.std() > 10  # something is drawn


def test_counts_stay_in_the_range_asked_for():
    counts = [
        len(plan_scene(np.random.default_rng(s), (320, 320), (5, 7)).boxes)
        for s in range(30)
    ]
    assert set(counts) == {5, 6, 7}


@pytest.mark.parametrize('name', KINDS)
def test_boxes_are_tight_around_the_pixels(name):
    # Each product is drawn alone, white on black, through the camera;
    # its lit pixels must span its box.
    rng = np.random.default_rng(list(name.encode()))
    scene = plan_scene(rng, (480, 400), (12, 30))
    bends = (-0.03, 0.02, 0.1) if KINDS[name].surface == 'round' else (0.0,)
    facings = [
        replace(one, run=replace(one.run, kind=name, bend=bend))
        for one, bend in zip(scene.facings, cycle(bends))
    ]
    boxes, inside = project_boxes(scene.camera, facings)
    width, height = scene.camera.canvas
    for facing, box in zip(facings, boxes):
        mask = paint_product(facing.run)[0].mask
        white = Sprite(np.repeat(mask[..., None], 3, 2), mask)
        canvas = np.zeros((height, width, 3), np.uint8)
        place_facing(canvas, facing, white)
        y, x = np.nonzero(photograph(scene, canvas)[..., 0] > 127)
        span = [x.min(), y.min(), x.max() + 1, y.max() + 1]
        np.testing.assert_allclose(box, span, rtol=0, atol=1)
    assert (inside > 0.4).all()


def test_products_of_one_run_look_alike_and_others_do_not():
    scene = plan_scene(np.random.default_rng(3), (1024, 1024))
    runs = list(dict.fromkeys(facing.run for facing in scene.facings))
    looks = {
        paint_product(run)[0].resized((24, 24)).color.tobytes() for run in runs
    }
    assert len(looks) == len(runs) >= 8
    assert len(scene.facings) > 2 * len(runs)


def test_products_stand_on_their_boards_below_the_rail():
    for seed in range(20):
        scene = plan_scene(np.random.default_rng(seed), (512, 512))
        for facing in scene.facings:
            row = scene.rows[facing.run.row]
            assert row.top <= facing.top
            assert facing.top + facing.run.height <= row.floor


def test_same_seed_same_pixels():
    first, boxes = render_shelf(7, 200, (10, 20))
    second, again = render_shelf(np.random.default_rng(7), 200, (10, 20))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(boxes, again)
    other, _ = render_shelf(8, 200, (10, 20))
    assert (first != other).any()


@pytest.mark.slow
def test_same_pixels_in_another_process():
    code = (
        'import hashlib, cv2; cv2.setNumThreads(1)\n'
        'from shelf_scenes import render_shelf\n'
        'image, boxes = render_shelf(11, 300, (20, 40))\n'
        'content = image.tobytes() + boxes.tobytes()\n'
        'print(hashlib.sha256(content).hexdigest())'
    )
    done = subprocess.run(
        [sys.executable, '-c', code],
        capture_output=True,
        text=True,
        check=True,
    )
    image, boxes = render_shelf(11, 300, (20, 40))
    content = image.tobytes() + boxes.tobytes()
    assert done.stdout.split()[-1] == hashlib.sha256(content).hexdigest()


def test_drawing_does_not_change_the_plan():
    scene = plan_scene(np.random.default_rng(1), (300, 300), (20, 20))
    np.testing.assert_array_equal(draw_scene(scene), draw_scene(scene))


def test_drawn_counts_are_cut_at_what_the_size_can_show():
    # 128 * 128 pixels * 0.4 / 48 pixels each = 136.5 products.
    assert capacity((128, 128)) == 136
    counts = [len(render_shelf(seed, 128)[1]) for seed in range(12)]
    assert max(counts) == 136


def test_sheet_holds_each_scene_twice():
    sheet = draw_sheet(seeds=(0, 1), size=256, tile=100)
    assert sheet.shape == (200, 200, 3)
    assert (sheet[:100] != sheet[100:]).any()


@pytest.mark.parametrize(
    ('size', 'error', 'words'),
    [
        (100, ValueError, 'at least 128 pixels a side, but got 100'),
        ((500, 64), ValueError, r'but got \(500, 64\)'),
        (512.5, TypeError, r'integer of pixels or \(width, height\)'),
        ((1, 2, 3), TypeError, r'but got \(1, 2, 3\)'),
        ('1024', TypeError, "but got '1024'"),
    ],
)
def test_bad_size(size, error, words):
    with pytest.raises(error, match=words):
        render_shelf(0, size)


@pytest.mark.parametrize(
    ('objects', 'error', 'words'),
    [
        ((0, 5), ValueError, '1 <= fewest <= most'),
        ((9, 5), ValueError, r'but got \(9, 5\)'),
        ((5, 900), ValueError, 'at most 546 .* ask for fewer or for a larger'),
        (5, TypeError, r'objects must be \(fewest, most\)'),
        ((1.5, 2), TypeError, 'two integers'),
    ],
)
def test_bad_objects(objects, error, words):
    # 256 * 256 * 0.4 / 48 = 546.1
    with pytest.raises(error, match=words):
        render_shelf(0, 256, objects)
