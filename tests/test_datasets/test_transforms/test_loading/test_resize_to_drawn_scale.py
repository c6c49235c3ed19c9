"""ResizeToDrawnScale gives the size drawn, and boxes that fit it."""

import cv2
import numpy as np
import pytest
from mmcv.transforms import Compose, LoadImageFromFile
from mmdet.datasets.transforms import RandomCrop, Resize
from mmdet.registry import TRANSFORMS

from dense_scene.datasets.transforms.loading.load_image_for_scale import (
    LoadImageForScale,
)
from dense_scene.datasets.transforms.loading.resize_to_drawn_scale import (
    ResizeToDrawnScale,
)
from shelf_scenes.render import render_shelf


def load(path, scale, **results) -> dict:
    return LoadImageForScale(scale)(dict(img_path=str(path), **results))


def peak_ratio(first: np.ndarray, second: np.ndarray) -> float:
    """Peak signal-to-noise ratio in decibels."""
    error = np.mean((first.astype(float) - second) ** 2)
    return 10 * np.log10(255**2 / error)


def ramp(path, width: int, height: int) -> None:
    """Grey from 0 to 255 from corner to corner."""
    x, y = np.meshgrid(np.arange(width) / width, np.arange(height) / height)
    grey = np.rint(255 * (x + y) / 2).astype(np.uint8)
    cv2.imwrite(str(path), grey, [cv2.IMWRITE_JPEG_QUALITY, 98])


@pytest.mark.parametrize('size', [(640, 480), (643, 485), (647, 487)])
@pytest.mark.parametrize('scale', [(300, 200), (150, 90), (70, 50)])
def test_a_ramp_stays_a_ramp(tmp_path, size, scale):
    # Averages and interpolation of a linear function are that function, so
    # that both ways agree up to their rounding, 1 each, and JPEG's, 1.
    # Shifted by one pixel of the result it would differ by up to 255 / 2 / 50.
    ramp(tmp_path / 'a.jpg', *size)
    found = ResizeToDrawnScale()(load(tmp_path / 'a.jpg', scale))['img']
    stock = LoadImageFromFile()(dict(img_path=str(tmp_path / 'a.jpg')))
    stock = Resize(scale=scale, keep_ratio=True)(stock)['img']
    difference = np.abs(found.astype(int) - stock)
    assert difference[1:-1, 1:-1].max() <= 3
    assert difference.mean() < 0.7


def test_less_aliasing_than_the_stock_pipeline(tmp_path):
    # The ideal is the mean of the full image over each pixel of the result.
    # The stock resize looks at 2 x 2 of the 3.6 x 3.6 pixels below one of
    # the result; a decoding at 1/2 has averaged before and sees them all.
    image, _ = render_shelf(seed=1, size=720, objects=(60, 60))
    path = str(tmp_path / 'a.jpg')
    cv2.imwrite(path, image)
    full = LoadImageFromFile()(dict(img_path=path))
    ideal = cv2.resize(full['img'], (200, 200), interpolation=cv2.INTER_AREA)
    stock = Resize(scale=(200, 200), keep_ratio=True)(full)['img']
    found = ResizeToDrawnScale()(load(path, (200, 200)))
    assert found['ori_shape'] == (720, 720)
    assert peak_ratio(found['img'], ideal) > peak_ratio(stock, ideal) + 1
    # Two errors of at most this size that have nothing to do with each other
    # add up to twice the energy, which is 3 decibels.
    assert peak_ratio(found['img'], stock) > peak_ratio(stock, ideal) - 3


@pytest.fixture
def path(tmp_path):
    ramp(tmp_path / 'a.jpg', 256, 192)
    return tmp_path / 'a.jpg'


def test_says_the_factor_for_what_comes_later(path):
    results = load(path, (90, 64))
    assert results['pixel_scale'] == (0.5, 0.5)
    results = ResizeToDrawnScale()(results)
    # 64 / 192 of 256 is 85.33, which mmcv rounds to 85.
    assert results['img'].shape == (64, 85, 3)
    assert results['img_shape'] == results['drawn_shape'] == (64, 85)
    assert results['scale_factor'] == (85 / 256, 64 / 192)
    assert results['pixel_scale'] == results['scale_factor']
    again = ResizeToDrawnScale()(dict(results))
    assert again['img'] is results['img']
    assert again['scale_factor'] == results['scale_factor']


@pytest.mark.parametrize('scale', [(90, 64), (200, 100)])
def test_a_crop_is_magnified_like_the_image(path, scale):
    # 96 x 60 pixels of the full image are cut out, wherever it is reduced.
    results = load(path, scale, instances=[])
    Compose([dict(type='mmdet.LoadAnnotations')])(results)
    sx, sy = results['pixel_scale']
    crop = RandomCrop(
        (round(96 * sx), round(60 * sy)),
        crop_type='absolute',
        allow_negative_crop=True,
    )
    results = ResizeToDrawnScale()(crop(results))
    height, width = results['drawn_shape']
    expected = round(60 * height / 192), round(96 * width / 256)
    assert results['img'].shape[:2] == results['img_shape'] == expected
    assert results['scale_factor'] == pytest.approx(
        (expected[1] / 96, expected[0] / 60)
    )
    assert results['pixel_scale'] == results['scale_factor']


@pytest.mark.parametrize(
    'name',
    ['TranslateX_BBox', 'TranslateY_BBox', 'Rotate_BBox', 'ShearX_BBox'],
)
def test_augmentation_acts_as_at_full_resolution(tmp_path, name):
    ramp(tmp_path / 'a.jpg', 1024, 768)
    sample = dict(
        img_path=str(tmp_path / 'a.jpg'),
        instances=[
            dict(bbox=[400, 300, 500, 420], bbox_label=0, ignore_flag=0)
        ],
    )
    boxes = []
    for load, resize in (
        (
            dict(type='LoadImageForScale', scales=(256, 192)),
            dict(type='ResizeToDrawnScale'),
        ),
        (
            dict(type='LoadImageFromFile'),
            dict(type='Resize', scale=(256, 192), keep_ratio=True),
        ),
    ):
        results = Compose([load, dict(type='LoadAnnotations')])(dict(sample))
        augment = dict(type='DetAutoAugment', policy=[[(name, 1.0, 10)]])
        np.random.seed(0)  # the loader has drawn a scale, mmdet's nothing
        boxes.append(Compose([augment, resize])(results)['gt_bboxes'].numpy())
    # Decoded at 1/4, translated by 62 or 63 pixels for 250 / 4 = 62.5.
    np.testing.assert_allclose(boxes[0], boxes[1], rtol=0, atol=0.51)
    moved = np.abs(boxes[0] - np.divide([[400, 300, 500, 420]], 4)).max()
    assert moved > 2


def test_boxes_are_clipped_unless_told_not_to(path):
    for clip, x2 in ((True, 85), (False, 340 * 85 / 256)):
        results = load(
            path,
            (90, 64),
            instances=[
                dict(bbox=[0, 0, 340, 96], bbox_label=0, ignore_flag=0)
            ],
        )
        Compose([dict(type='mmdet.LoadAnnotations')])(results)
        results = ResizeToDrawnScale(clip_object_border=clip)(results)
        np.testing.assert_allclose(
            results['gt_bboxes'].numpy(), [[0, 0, x2, 32]], rtol=1e-6
        )


def test_boxes_without_a_class_stay_arrays(path):
    results = load(
        path,
        (90, 64),
        instances=[dict(bbox=[0, 0, 128, 96], bbox_label=0, ignore_flag=0)],
    )
    Compose([dict(type='mmdet.LoadAnnotations', box_type=None)])(results)
    results = ResizeToDrawnScale()(results)
    assert type(results['gt_bboxes']) is np.ndarray
    np.testing.assert_allclose(
        results['gt_bboxes'], [[0, 0, 42.5, 32]], rtol=1e-6
    )


def test_needs_a_drawn_size(path):
    results = LoadImageFromFile()(dict(img_path=str(path)))
    with pytest.raises(ValueError, match='no drawn_shape. Begin the pipel'):
        ResizeToDrawnScale()(results)


def test_no_masks(path):
    results = load(path, (90, 64))
    with pytest.raises(ValueError, match='boxes only, but got gt_seg_map'):
        ResizeToDrawnScale()({**results, 'gt_seg_map': np.zeros((192, 256))})


def test_is_built_by_name():
    resize = TRANSFORMS.build(
        dict(type='ResizeToDrawnScale', interpolation='area')
    )
    assert repr(resize) == (
        "ResizeToDrawnScale(clip_object_border=True, interpolation='area', "
        "backend='cv2')"
    )
