"""DenseRandomCrop draws like RandomCrop and cuts fewer objects."""

import numpy as np
import pytest
import torch
from mmdet.datasets.transforms import RandomCrop

from dense_scene.datasets.transforms.crops.dense_random_crop import (
    DenseRandomCrop,
)
from dense_scene.datasets.transforms.crops.snap_window import count_cut
from dense_scene.testing import random_boxes, touching_row

from .crop_samples import boxes_of, make_sample, window_of

# Rows of touching objects of 10 x 12, four pixels between rows
SHELF = torch.cat(
    [
        touching_row(9, (10, 12), (3 + row % 3, 2 + 16 * row))
        for row in range(5)
    ]
)


def windows(crop, boxes, count=100, **kwargs) -> list[tuple]:
    np.random.seed(0)
    return [
        window_of(crop(make_sample(boxes, **kwargs))) for _ in range(count)
    ]


def test_without_snapping_it_is_the_stock_crop():
    ours = DenseRandomCrop((50, 40), snap=0, min_visible=1e-9)
    stock = RandomCrop((50, 40))
    for seed in range(5):
        np.random.seed(seed)
        found = ours(make_sample(SHELF))
        x, y, _, _ = window_of(found)
        stock._rand_offset = lambda margin, x=x, y=y: (y, x)
        expected = stock(make_sample(SHELF))
        np.testing.assert_array_equal(found['img'], expected['img'])
        assert boxes_of(found) == boxes_of(expected)
        np.testing.assert_array_equal(
            found['gt_bboxes_labels'], expected['gt_bboxes_labels']
        )
        np.testing.assert_array_equal(
            found['homography_matrix'], expected['homography_matrix']
        )


def test_places_are_uniform_without_snapping():
    crop = DenseRandomCrop((50, 40), snap=0)
    found = np.array(
        windows(crop, torch.tensor([[0.0, 0, 100, 80]]), 800, channels=1)
    )
    # 0 to 50 and 0 to 40 with mean 25 and 20; standard deviations of the
    # mean 14.7 / 28 = 0.52 and 11.8 / 28 = 0.42
    for column, largest in ((0, 50), (1, 40)):
        starts = found[:, column]
        assert starts.min() == 0 and starts.max() == largest
        assert abs(starts.mean() - largest / 2) < 2.5


def test_rows_are_not_cut():
    # An edge within a row is at most 12 pixels from the gap: a quarter of 48.
    crop = DenseRandomCrop((60, 48), snap=0.25)
    cut = 0
    for x1, y1, x2, y2 in windows(crop, SHELF):
        for row_top in range(2, 80, 16):
            for edge in (y1, y2):
                cut += row_top < edge < row_top + 12 and edge != 80
        assert 30 <= x2 - x1 <= 60 and 24 <= y2 - y1 <= 48
    assert cut == 0


def test_cuts_fewer_of_600_objects(generator):
    boxes = random_boxes(600, (1000, 800), generator)
    boxes[:, 2:] = boxes[:, :2] + 30 + boxes[:, 2:] % 10
    boxes[:, 0::2].clamp_(0, 1000)
    boxes[:, 1::2].clamp_(0, 800)
    total = []
    for snap in (0, 0.1):
        crop = DenseRandomCrop((0.5, 0.5), snap=snap)
        total.append(
            sum(
                count_cut(boxes.numpy(), np.array(window))
                for window in windows(
                    crop, boxes, 20, size=(1000, 800), channels=1
                )
            )
        )
    assert total[1] < 0.8 * total[0]


def test_ignored_objects_do_not_move_edges():
    # 40 of 80 rows always cut the second object, at 30 to 50, or touch it.
    boxes = torch.tensor([[0.0, 0, 1, 1], [1, 30, 99, 50]])
    crop = DenseRandomCrop((100, 40), snap=0.4, allow_negative=True)
    heights = [
        y2 - y1 for _, y1, _, y2 in windows(crop, boxes, 20, ignored=[1])
    ]
    assert set(heights) == {40}
    heights = [y2 - y1 for _, y1, _, y2 in windows(crop, boxes, 20)]
    assert min(heights) < 40


def test_small_images_and_parts_of_a_side():
    found = DenseRandomCrop((1200, 1200))(make_sample(SHELF))
    assert found['img'].shape == (80, 100, 3)
    assert len(found['gt_bboxes']) == 45
    found = DenseRandomCrop((0.5, 1.0), snap=0)(make_sample(SHELF))
    assert found['img'].shape == (80, 50, 3)
    found = DenseRandomCrop((1, 1))(
        make_sample(torch.tensor([[0.0, 0, 1, 1]]), size=(1, 1))
    )
    assert found['img'].shape == (1, 1, 3)


def test_draws_again_until_there_is_an_object():
    # Of the 51 x 41 places a fifth holds the object.
    boxes = torch.tensor([[20.0, 10, 21, 11]])
    crop = DenseRandomCrop((10, 80))
    np.random.seed(0)
    found = [crop(make_sample(boxes)) for _ in range(50)]
    good = [one for one in found if one is not None]
    # 10 of 91 places: 1 - (81 / 91)^10 = 0.69 of the samples, 34 of 50 with
    # a standard deviation of 3.3; a single draw would give 5.5
    assert 22 <= len(good) <= 46
    assert all(len(one['gt_bboxes']) == 1 for one in good)


@pytest.mark.parametrize('ignored', [[], [0]])
def test_nothing_to_keep(ignored):
    boxes = torch.tensor([[10.0, 10, 50, 50]])[: len(ignored)]
    crop = DenseRandomCrop((50, 40))
    assert crop(make_sample(boxes, ignored=ignored)) is None
    crop = DenseRandomCrop((50, 40), snap=0, allow_negative=True)
    assert crop(make_sample(boxes, ignored=ignored))['img'].shape[:2] == (
        40,
        50,
    )


def test_the_same_seed_gives_the_same_window():
    crop = DenseRandomCrop((50, 40))
    assert windows(crop, SHELF, 10) == windows(crop, SHELF, 10)


@pytest.mark.parametrize(
    'options, words',
    [
        (
            dict(crop_size=600),
            r'crop_size must be \(width, height\).* got 600',
        ),
        (dict(crop_size=(0, 5)), r'got \(0, 5\)'),
        (dict(crop_size=(1.2, 0.5)), r'at most 1, but got \(1.2, 0.5\)'),
        (dict(crop_size=(0.5, 5)), r'got \(0.5, 5\)'),
        (dict(crop_size=(5, 5), snap=0.5), 'snap must be .* below 0.5'),
        (dict(crop_size=(5, 5), snap=None), 'but got None'),
    ],
)
def test_bad_arguments(options, words):
    with pytest.raises(ValueError, match=words) as caught:
        DenseRandomCrop(**options)
    assert '\n' not in str(caught.value)


def test_repr_builds_an_equal_one():
    crop = DenseRandomCrop((0.5, 0.25), snap=0.2, cut='background')
    assert eval(repr(crop)).__dict__ == crop.__dict__  # noqa: S307
