"""Boxes on their way through the stages, by hand and against mmdet."""

import numpy as np
import pytest
import torch
from mmdet.structures.bbox import bbox_overlaps

from dense_scene.analysis.cascade.box_paths import follow_boxes
from dense_scene.testing import touching_row

A, B = [0, 0, 10, 10], [10, 0, 20, 10]


def test_by_hand():
    paths = follow_boxes(
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
    assert paths.objects.tolist() == [[0, 0], [0, -1]]
    np.testing.assert_allclose(
        paths.entering, [[2 / 3, 9 / 11], [1, 0]], rtol=1e-6
    )
    np.testing.assert_allclose(
        paths.leaving, [[9 / 11, 1 / 19], [0, 0]], rtol=1e-6
    )
    assert paths.moved.tolist() == [[False, True], [False, False]]
    # Of all boxes: A is left with 10 of 190; B, first, has 20 of 180.
    np.testing.assert_allclose(
        paths.best, [[1, 9 / 11, 1 / 19], [1 / 9, 1, 1]], rtol=1e-6
    )


def test_a_box_around_two_objects_has_not_moved():
    # It covers half of A alone, then both whole; then both are alike.
    paths = follow_boxes([[[0, 0, 5, 10]], [[0, 0, 20, 10]]], [A, B])
    assert paths.objects.tolist() == [[0]]
    assert paths.leaving.tolist() == [[0.5]]
    assert paths.moved.tolist() == [[False]]


def test_against_the_full_matrix():
    rng = np.random.default_rng(0)
    objects = touching_row(600).double().numpy()
    first = objects[rng.integers(0, 600, 900)] + rng.normal(0, 3, (900, 4))
    boxes = [
        first,
        first + rng.normal(0, 3, (900, 4)),
        first + rng.normal(0, 3, (900, 4)),
    ]
    paths = follow_boxes(boxes, objects, 0.4)
    overlaps = [
        bbox_overlaps(torch.tensor(part), torch.tensor(objects)).numpy()
        for part in boxes
    ]
    kept = overlaps[0].max(axis=1) >= 0.4
    assert 100 < kept.sum() < 900
    rows = np.arange(kept.sum())
    for stage in range(2):
        before, after = (overlaps[stage + i][kept] for i in (0, 1))
        chosen, best = paths.objects[:, stage], before.max(axis=1)
        # Of several equal ones any will do.
        np.testing.assert_allclose(before[rows, chosen], best, rtol=1e-12)
        close = dict(rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(paths.entering[:, stage], best, **close)
        own = after[rows, chosen]
        np.testing.assert_allclose(paths.leaving[:, stage], own, **close)
        moved = (after.max(axis=1) > own + 1e-9) & (best > 0)
        assert 0 < moved.sum() < len(moved)
        assert np.array_equal(paths.moved[:, stage], moved)
    for point, overlap in enumerate(overlaps):
        np.testing.assert_allclose(
            paths.best[:, point], overlap.max(axis=0), **close
        )


@pytest.mark.parametrize(('boxes', 'objects'), [(0, 0), (0, 3), (3, 0)])
def test_nothing_to_follow(boxes, objects):
    row = touching_row(3).numpy()
    paths = follow_boxes([row[:boxes]] * 4, row[:objects])
    assert paths.objects.shape == paths.entering.shape == (0, 3)
    assert paths.best.shape == (objects, 4)
    assert not paths.best.any()


@pytest.mark.parametrize('counts', [[3], [3, 2], [3, 3, 4]])
def test_every_stage_must_have_every_box(counts):
    row = touching_row(4).numpy()
    with pytest.raises(ValueError) as error:
        follow_boxes([row[:count] for count in counts], row)
    assert str(error.value) == (
        'boxes must be proposals and as many boxes after each stage, but got '
        f'{counts} boxes. Give them before NMS.'
    )
