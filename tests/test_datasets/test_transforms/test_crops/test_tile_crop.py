"""TileCrop gives the tiles of a grid that have an object."""

from collections import Counter

import cv2
import numpy as np
import pytest
import torch
from mmdet.registry import TRANSFORMS
from mmdet.structures.bbox import HorizontalBoxes

from dense_scene.datasets.sku110k.sku110k_dataset import SKU110KDataset
from dense_scene.datasets.transforms.crops.tile_crop import TileCrop
from dense_scene.datasets.transforms.crops.tile_windows import tile_windows
from dense_scene.testing import random_boxes, tiny_sku110k

from .crop_samples import make_sample, window_of

# Four tiles of 60 x 48 of the 100 x 80 image, from 0 and 40, 0 and 32.
GRID = dict(grid=(2, 2), overlap=1 / 3)
TILES = [(0, 0, 60, 48), (40, 0, 100, 48), (0, 32, 60, 80), (40, 32, 100, 80)]


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
    # Neighbours share at least 20 x 16 pixels, less one of rounding.
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


def test_between_a_reduced_decode_and_its_resize(tmp_path):
    """A tile is magnified as much as the whole image would have been."""
    path = str(tmp_path / 'a.jpg')
    cv2.imwrite(path, np.full((240, 180, 3), 90, np.uint8))
    instances = [dict(bbox=[30, 24, 60, 84], bbox_label=0, ignore_flag=0)]
    results = dict(img_path=path, instances=instances)
    for step in (
        # Decoded at half the size, 90 x 120, for a result of 75 x 100
        dict(type='LoadImageForScale', scales=[(100, 75)]),
        dict(type='LoadAnnotations', with_bbox=True),
        dict(type='TileCrop', **GRID, min_visible=1),
        dict(type='ResizeToDrawnScale'),
    ):
        results = TRANSFORMS.build(step)(results)
    # 0.6 of 75 and of 100; 75 / 180 of the box
    assert results['img'].shape == (60, 45, 3)
    box = results['gt_bboxes'].tensor[0].tolist()
    assert box == pytest.approx([12.5, 10, 25, 35], rel=1e-6)


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
        (dict(grid=2), r'grid must be \(columns, rows\), .* but got 2'),
        (dict(grid=()), r'grid must be .* but got \(\)'),
        (dict(grid=(2, 0)), r'at least 1, but got \(2, 0\)'),
        (dict(tile_size=(2.5, 9)), r'tile_size must be .* got \(2.5, 9\)'),
        (
            dict(grid=(2, 2), overlap=1),
            'overlap must be .* below 1, but got 1',
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
