"""Tiles cover the image evenly; TileCrop gives one that has an object."""

from collections import Counter

import numpy as np
import pytest
import torch
from mmdet.registry import TRANSFORMS
from mmdet.structures.bbox import HorizontalBoxes

from dense_scene.datasets.sku110k.sku110k_dataset import SKU110KDataset
from dense_scene.datasets.transforms.crops.tile_crop import (
    TileCrop,
    tile_windows,
)
from dense_scene.testing import random_boxes, tiny_sku110k

from .crop_samples import make_sample, window_of

# Four tiles of 60 x 48 of the 100 x 80 image, from 0 and 40, 0 and 32.
GRID = dict(grid=(2, 2), overlap=1 / 3)
TILES = [(0, 0, 60, 48), (40, 0, 100, 48), (0, 32, 60, 80), (40, 32, 100, 80)]


def test_two_by_two_as_in_the_paper():
    # 2448 / (1 + 2 / 3) = 1468.8, 3264 / (1 + 2 / 3) = 1958.4: 0.6 of each
    # side, rounded up; 2448 - 1469 = 979, 3264 - 1959 = 1305.
    np.testing.assert_array_equal(
        tile_windows((2448, 3264), grid=(2, 2), overlap=1 / 3),
        [
            [0, 0, 1469, 1959],
            [979, 0, 2448, 1959],
            [0, 1305, 1469, 3264],
            [979, 1305, 2448, 3264],
        ],
    )


def test_tiles_of_a_fixed_size_by_hand():
    # 10 pixels: 4 + 2 (4 - 1) = 10, so three columns share one pixel. 5 rows
    # of pixels: two tiles of 4, from 0 and 1.
    found = tile_windows((10, 5), tile_size=(4, 4), overlap=0.25)
    np.testing.assert_array_equal(
        found[:, :2], [[0, 0], [3, 0], [6, 0], [0, 1], [3, 1], [6, 1]]
    )
    assert (found[:, 2:] - found[:, :2] == 4).all()


def test_tile_larger_than_the_image():
    np.testing.assert_array_equal(
        tile_windows((30, 20), tile_size=(64, 10)),
        [[0, 0, 30, 10], [0, 10, 30, 20]],
    )


def test_one_pixel_is_one_tile():
    np.testing.assert_array_equal(
        tile_windows((1, 1), grid=(3, 2), overlap=0.5), [[0, 0, 1, 1]]
    )


@pytest.mark.parametrize('overlap', [0, 0.1, 0.25, 1 / 3, 0.5, 0.9])
@pytest.mark.parametrize(
    'how',
    [
        dict(grid=(1, 1)),
        dict(grid=(2, 3)),
        dict(grid=(7, 5)),
        dict(tile_size=(64, 48)),
        dict(tile_size=(100, 1)),
    ],
)
@pytest.mark.parametrize('size', [(97, 1), (100, 100), (131, 257), (640, 48)])
def test_tiles_cover_and_share(size, how, overlap):
    tiles = tile_windows(size, overlap=overlap, **how)
    sides = tiles[:, 2:] - tiles[:, :2]
    assert (tiles >= 0).all() and (tiles[:, 2:] <= size).all()
    assert (sides == sides[0]).all() and (sides > 0).all()
    for axis, length in enumerate(size):
        starts = np.unique(tiles[:, axis])
        side = sides[0, axis]
        assert starts[0] == 0 and starts[-1] + side == length  # covers all
        if len(starts) > 1:
            # Neighbors share the overlap, but for a pixel of rounding, and
            # with it there is no gap between them.
            shared = side - np.diff(starts)
            assert shared.min() >= max(0, overlap * side - 1)
            assert np.ptp(shared) <= 1  # evenly spread
        if 'grid' in how:
            assert len(starts) <= how['grid'][axis]
        elif len(starts) > 1:
            # As few as possible: one less could not share that much.
            most = side * (1 + (len(starts) - 2) * (1 - overlap))
            assert most < length


def draw(crop, boxes, count=400, **kwargs) -> Counter:
    """How often each window came."""
    np.random.seed(0)
    found = (crop(make_sample(boxes, **kwargs)) for _ in range(count))
    return Counter(window_of(one) for one in found)


def test_every_tile_comes_as_often():
    counts = draw(TileCrop(**GRID), torch.tensor([[42.0, 34, 58, 46]]))
    assert sorted(counts) == sorted(TILES)
    # Binomial(400, 1 / 4): 100, standard deviation 8.7; 4 of these
    assert min(counts.values()) > 65 and max(counts.values()) < 135


def test_tiles_without_an_object_do_not_come():
    # In the left upper corner; a fifth of the second in the right upper tile;
    # the third, in the right lower tile, is ignored.
    boxes = torch.tensor([[0.0, 0, 9, 9], [25, 5, 45, 20], [80, 60, 99, 79]])
    crop = TileCrop(**GRID, min_visible=0.3)
    assert set(draw(crop, boxes, 50, ignored=[2])) == {TILES[0]}
    # 5 of 20 columns are enough
    crop = TileCrop(**GRID, min_visible=0.25)
    assert set(draw(crop, boxes, 50, ignored=[2])) == set(TILES[:2])
    crop = TileCrop(**GRID, allow_negative=True)
    assert set(draw(crop, boxes, 50, ignored=[2])) == set(TILES)


@pytest.mark.parametrize('ignored', [[], [0]])
def test_nothing_to_keep(ignored):
    boxes = torch.rand(len(ignored), 4).sort().values * 50
    assert TileCrop(**GRID)(make_sample(boxes, ignored=ignored)) is None
    found = TileCrop(**GRID, allow_negative=True)(make_sample(boxes[:0]))
    assert found['img'].shape == (48, 60, 3)
    assert len(found['gt_bboxes']) == 0


def test_a_tile_larger_than_the_image_is_the_image():
    boxes = torch.tensor([[0.0, 0, 100, 80]])
    sample = make_sample(boxes)
    image = sample['img']
    found = TileCrop(tile_size=(1200, 1200))(sample)
    np.testing.assert_array_equal(found['img'], image)
    assert found['gt_bboxes'].tensor.tolist() == boxes.tolist()


def test_each_of_600_objects_is_whole_in_some_tile(generator):
    # Neighbors share at least 20 x 16 pixels, less one of rounding.
    corners = random_boxes(600, (81, 65), generator)[:, :2].floor()
    boxes = torch.cat([corners, corners + torch.tensor([19.0, 15])], dim=1)
    whole = set()
    for tile in tile_windows((100, 80), **GRID):
        crop = TileCrop(**GRID, min_visible=1, cut='background')
        crop.choose_window = lambda *args, tile=tile: tile
        whole |= set(crop(make_sample(boxes))['gt_bboxes_labels'].tolist())
    assert whole == set(range(600))


def test_the_same_seed_gives_the_same_tile():
    crop = TileCrop(grid=(5, 5))
    boxes = torch.tensor([[0.0, 0, 100, 80]])
    crop.min_visible = 0.01
    assert draw(crop, boxes, 20) == draw(crop, boxes, 20)
    assert len(draw(crop, boxes, 20)) > 5


def test_objects_have_their_size_in_the_test_frame():
    """Behind the Resize of the test pipeline, tiles show the same pixels."""
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (240, 180, 3), np.uint8)
    boxes = HorizontalBoxes(torch.tensor([[60.0, 30, 90, 90]]))
    resize = TRANSFORMS.build(
        dict(type='mmdet.Resize', scale=(160, 120), keep_ratio=True)
    )
    frame = resize(
        dict(
            img=image,
            gt_bboxes=boxes.clone(),
            gt_bboxes_labels=np.zeros(1, int),
        )
    )
    whole = frame['img']
    on_frame = frame['gt_bboxes'].tensor[0]
    assert on_frame.tolist() == [40, 20, 60, 60]
    tile = TileCrop(**GRID, min_visible=1)(frame)
    x1, y1, x2, y2 = tile['gt_bboxes'].tensor[0].int().tolist()
    np.testing.assert_array_equal(
        tile['img'][y1:y2, x1:x2], whole[20:60, 40:60]
    )


def test_in_the_pipeline_of_a_data_set(tmp_path):
    root = tiny_sku110k(tmp_path, num_images=2, size=(160, 128))
    dataset = SKU110KDataset(
        data_root=str(root),
        ann_file='annotations/annotations_train.csv',
        pipeline=[
            dict(type='LoadImageFromFile'),
            dict(type='LoadAnnotations', with_bbox=True),
            dict(type='TileCrop', grid=(2, 2), overlap=1 / 3, min_visible=0.5),
            dict(type='RandomFlip', prob=1.0),
            dict(type='PackDetInputs'),
        ],
    )
    np.random.seed(0)
    kept = ignored = 0
    for index in range(8):
        packed = dataset[index % 2]
        sample = packed['data_samples']
        # 160 and 128 times 0.6, rounded up
        assert packed['inputs'].shape == (3, 77, 96)
        assert sample.img_shape == (77, 96)
        kept += len(sample.gt_instances)
        ignored += len(sample.ignored_instances)
        for instances in (sample.gt_instances, sample.ignored_instances):
            boxes = instances.bboxes.tensor
            assert (boxes >= 0).all()
            assert (boxes[:, 2] <= 96).all() and (boxes[:, 3] <= 77).all()
    # Rows at 7, 49 and 91 of 28, columns of 26 from 13 on: the edges at 64,
    # 96 and 77, 51 cut some objects, and never all.
    assert kept > 8 and ignored > 0


def test_an_image_without_objects_is_replaced(tmp_path):
    root = tiny_sku110k(tmp_path, num_images=2)
    dataset = SKU110KDataset(
        data_root=str(root),
        ann_file='annotations/annotations_train.csv',
        pipeline=[
            dict(type='LoadImageFromFile'),
            dict(type='LoadAnnotations', with_bbox=True),
            dict(type='TileCrop', grid=(2, 2)),
            dict(type='PackDetInputs'),
        ],
    )
    empty = dataset.get_data_info(0)
    full = dataset.get_data_info(1)
    empty['instances'] = []
    dataset.get_data_info = lambda index: dict((empty, full)[index])
    np.random.seed(0)
    assert dataset[0]['data_samples'].img_id == full['img_id']


@pytest.mark.parametrize(
    'options, words',
    [
        (dict(), 'either grid=.* or tile_size=.*, but got grid=None'),
        (dict(grid=(2, 2), tile_size=(9, 9)), 'either grid'),
        (dict(grid=()), r'grid must be .* but got \(\)'),
        (dict(grid=(2, 0)), r'positive .* but got \(2, 0\)'),
        (dict(tile_size=(2.5, 9)), r'tile_size must be .* got \(2.5, 9\)'),
        (
            dict(grid=(2, 2), overlap=1),
            r'overlap must be .* in \[0, 1\), but got 1',
        ),
        (dict(grid=(2, 2), overlap=-0.1), 'overlap must be .* got -0.1'),
    ],
)
def test_bad_arguments(options, words):
    with pytest.raises(ValueError, match=words) as caught:
        TileCrop(**options)
    assert '\n' not in str(caught.value)


def test_repr_builds_an_equal_one():
    crop = TileCrop(
        tile_size=(30, 20),
        overlap=0.5,
        cut='fill',
        min_visible=0.7,
        allow_negative=True,
    )
    assert eval(repr(crop)).__dict__ == crop.__dict__  # noqa: S307
