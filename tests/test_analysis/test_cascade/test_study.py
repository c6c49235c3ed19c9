"""Boxes on their way through the stages, by hand and against mmdet."""

import numpy as np
import pytest
import torch
from mmdet.structures.bbox import bbox_overlaps

from dense_scene.analysis.cascade.study import CascadeStudy, count_neighbors
from dense_scene.testing import random_boxes, touching_row

A, B = [0, 0, 10, 10], [10, 0, 20, 10]


def follow(boxes, objects, min_iou=0.3):
    boxes = [np.reshape(part, (-1, 4)) for part in boxes]
    thresholds = [0.5] * (len(boxes) - 1)
    return CascadeStudy.of_image(boxes, objects, thresholds, min_iou)


def test_boxes_by_hand():
    study = follow(
        [
            # 80 of 120 pixels with A; nothing; 10 of 190 with A; A itself.
            [[2, 0, 12, 10], [50, 0, 60, 10], [-9, 0, 1, 10], A],
            # 90 of 110 with A; B itself, too late; the same; beside it all.
            [[1, 0, 11, 10], B, [-9, 0, 1, 10], [50, 0, 60, 10]],
            # 10 of 190 with A, but 90 of 110 with B; ...; ...; still there.
            [[9, 0, 19, 10], B, [-9, 0, 1, 10], [50, 0, 60, 10]],
        ],
        [A, B],
    )
    # The second and the third proposal have no object.
    assert study.objects.tolist() == [[0, 0], [0, -1]]
    np.testing.assert_allclose(
        study.entering, [[2 / 3, 9 / 11], [1, 0]], rtol=1e-6
    )
    np.testing.assert_allclose(
        study.leaving, [[9 / 11, 1 / 19], [0, 0]], rtol=1e-6
    )
    assert study.moved.tolist() == [[False, True], [False, False]]
    # Of all boxes: A is left with 10 of 190; B, first, has 20 of 180.
    np.testing.assert_allclose(
        study.best, [[1, 9 / 11, 1 / 19], [1 / 9, 1, 1]], rtol=1e-6
    )


def test_a_box_around_two_objects_has_not_moved():
    # It covers half of A alone, then both whole; then both are alike.
    study = follow([[[0, 0, 5, 10]], [[0, 0, 20, 10]]], [A, B])
    assert study.objects.tolist() == [[0]]
    assert study.leaving.tolist() == [[0.5]]
    assert study.moved.tolist() == [[False]]


def test_against_the_full_matrix():
    rng = np.random.default_rng(0)
    objects = touching_row(600).double().numpy()
    first = objects[rng.integers(0, 600, 900)] + rng.normal(0, 3, (900, 4))
    boxes = [
        first,
        first + rng.normal(0, 3, (900, 4)),
        first + rng.normal(0, 3, (900, 4)),
    ]
    study = follow(boxes, objects, 0.4)
    overlaps = [
        bbox_overlaps(torch.tensor(part), torch.tensor(objects)).numpy()
        for part in boxes
    ]
    kept = overlaps[0].max(axis=1) >= 0.4
    assert 100 < kept.sum() < 900
    rows = np.arange(kept.sum())
    for stage in range(2):
        before, after = (overlaps[stage + i][kept] for i in (0, 1))
        chosen, best = study.objects[:, stage], before.max(axis=1)
        # Of several equal ones any will do.
        np.testing.assert_allclose(before[rows, chosen], best, rtol=1e-12)
        close = dict(rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(study.entering[:, stage], best, **close)
        own = after[rows, chosen]
        np.testing.assert_allclose(study.leaving[:, stage], own, **close)
        moved = (after.max(axis=1) > own + 1e-9) & (best > 0)
        assert 0 < moved.sum() < len(moved)
        assert np.array_equal(study.moved[:, stage], moved)
    for point, overlap in enumerate(overlaps):
        np.testing.assert_allclose(
            study.best[:, point], overlap.max(axis=0), **close
        )


@pytest.mark.parametrize(('boxes', 'objects'), [(0, 0), (0, 3), (3, 0)])
def test_nothing_to_follow(boxes, objects):
    row = touching_row(3).numpy()
    study = follow([row[:boxes]] * 4, row[:objects])
    assert study.objects.shape == study.entering.shape == (0, 3)
    assert study.best.shape == (objects, 4)
    assert not study.best.any()


@pytest.mark.parametrize('count', [0, 1, 2, 3, 600])
def test_a_row(count):
    # Twice as wide, a box of 10 reaches 5 into the next and not to the one
    # after: one neighbor at the ends, two in between.
    expected = [min(2, count - 1)] * count
    if count > 2:
        expected[0] = expected[-1] = 1
    assert count_neighbors(touching_row(count).numpy()).tolist() == expected


def test_equal_boxes_are_neighbors():
    assert count_neighbors(np.tile([3, 4, 9, 8], (5, 1))).tolist() == [4] * 5


def test_a_small_box_is_reached_from_a_large_one_alone():
    # The large one reaches to x = 150; the small one, 5 wide, to 107.5.
    boxes = [[0, 0, 100, 100], [110, 0, 115, 5]]
    assert count_neighbors(np.array(boxes)).tolist() == [1, 0]


def test_neither_place_nor_unit_matter(generator):
    boxes = random_boxes(200, generator=generator).double().numpy()
    counts = count_neighbors(boxes)
    assert counts.max() > 10
    assert np.array_equal(count_neighbors(boxes * 4 + 1024), counts)
    order = np.random.default_rng(0).permutation(200)
    assert np.array_equal(count_neighbors(boxes[order]), counts[order])


@pytest.fixture
def study():
    """Three images, of one, of no and of two objects; the first is lost."""
    none = np.zeros((0, 4))
    far = [500, 0, 510, 10]
    images = [([[A], [far], [far]], [A]), ([none] * 3, none)]
    images.append(([[B, A], [B, A], [A, A]], [A, B]))
    return CascadeStudy.concatenate([follow(*image) for image in images])


def test_columns_of_several_images(study):
    assert study.thresholds.tolist() == [0.5, 0.5]
    assert study.image_objects.tolist() == [1, 0, 2]
    assert study.image_of_object.tolist() == [0, 2, 2]
    assert study.neighbors.tolist() == [0, 1, 1]
    # Objects 1 and 2 are those of the last image; without object is without.
    assert study.objects.tolist() == [[0, -1], [2, 2], [1, 1]]
    assert study.moved.tolist() == [[False] * 2, [False, True], [False] * 2]


def test_save_and_load(study, tmp_path):
    path = tmp_path / 'study.npz'
    assert CascadeStudy.load(path, 'key') is None
    study.save(path, 'key')
    loaded = CascadeStudy.load(path, 'key')
    for name, column in vars(study).items():
        assert np.array_equal(getattr(loaded, name), column)
        assert getattr(loaded, name).dtype == column.dtype
    assert CascadeStudy.load(path, 'another') is None
    whole = path.read_bytes()
    # Cut off, never begun, and with changed bytes within a column.
    for content in (whole[:300], b'', whole[:90] + bytes(60) + whole[150:]):
        path.write_bytes(content)
        assert CascadeStudy.load(path, 'key') is None
    # A pickle is not opened.
    np.savez(path, key=np.array('key'), best=np.array([{}], object))
    assert CascadeStudy.load(path, 'key') is None
