"""LoadImageForScale gives what the stock pipeline gives, from less."""

import copy
import logging
import pickle
from multiprocessing.reduction import ForkingPickler

import cv2
import numpy as np
import pytest
from mmcv.transforms import Compose, LoadImageFromFile
from mmdet.registry import TRANSFORMS
from mmdet.structures.bbox import HorizontalBoxes
from PIL import Image, ImageOps

from dense_scene.datasets.images.jpeg import DECODERS, resolve_backend
from dense_scene.datasets.transforms.loading import load_image_for_scale
from dense_scene.datasets.transforms.loading.load_image_for_scale import (
    LoadImageForScale,
)

SCALES = [(60, 40), (90, 64), (200, 100)]


def write(
    path, size: tuple[int, int], orientation: int = 1, mode='RGB', **options
) -> str:
    """Coarse noise, no two parts of it alike."""
    noise = np.random.default_rng(0).integers(0, 256, (6, 9, 3), np.uint8)
    image = cv2.resize(noise, size, interpolation=cv2.INTER_LINEAR)
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(image).convert(mode).save(
        path, options.pop('format', None), exif=exif, **options
    )
    return str(path)


def instances(*boxes) -> list[dict]:
    return [dict(bbox=list(box), bbox_label=0, ignore_flag=0) for box in boxes]


def random_instances(number: int, size: tuple[int, int]) -> list[dict]:
    corners = np.random.default_rng(1).uniform(0, 1, (number, 2, 2))
    corners = np.sort(corners, axis=1) * size
    return instances(*corners.reshape(-1, 4).tolist())


def pipeline(*names: str | dict) -> Compose:
    return Compose([dict(type=n) if isinstance(n, str) else n for n in names])


@pytest.mark.parametrize('number', [0, 1, 600])
@pytest.mark.parametrize('annotations', ['after', 'before'])
@pytest.mark.parametrize('keep_ratio', [True, False])
@pytest.mark.parametrize('scale', SCALES)
@pytest.mark.parametrize('size', [(256, 192), (257, 191)])
def test_equals_the_stock_pipeline(
    tmp_path, size, scale, keep_ratio, annotations, number
):
    sample = dict(
        img_path=write(tmp_path / 'a.jpg', size),
        width=size[0],
        height=size[1],
        instances=random_instances(number, size),
    )
    untouched = copy.deepcopy(sample)
    flip = dict(type='RandomFlip', prob=1.0)
    first = ['LoadImageForScale', 'LoadAnnotations']
    first[0] = dict(type=first[0], scales=scale, keep_ratio=keep_ratio)
    if annotations == 'before':
        first.reverse()
    found = pipeline(*first, flip, 'ResizeToDrawnScale')(dict(sample))
    expected = pipeline(
        'LoadImageFromFile',
        'LoadAnnotations',
        flip,
        dict(type='Resize', scale=scale, keep_ratio=keep_ratio),
    )(dict(sample))
    assert found['img'].shape == expected['img'].shape
    for key in (
        'img_shape',
        'ori_shape',
        'scale_factor',
        'keep_ratio',
        'scale',
        'flip',
        'flip_direction',
    ):
        assert found[key] == expected[key], key
    # Half of the even size is exact in float32. For the odd one each box is
    # rounded once more, by at most half a unit in the last place of the
    # image's sides (< 512: 2^-15), before and after the flip.
    exact = size == (256, 192)
    np.testing.assert_allclose(
        found['gt_bboxes'].numpy(),
        expected['gt_bboxes'].numpy(),
        rtol=0,
        atol=0 if exact else 2**-14,
    )
    np.testing.assert_allclose(
        found['homography_matrix'],
        expected['homography_matrix'],
        rtol=0,
        atol=2**-14,
    )
    assert sample == untouched


def test_reduces_where_nothing_is_enlarged(tmp_path):
    path = write(tmp_path / 'a.jpg', (256, 192))
    # (200, 100) gives 133 x 100, more than half; (90, 64) gives 85 x 64,
    # which a half, 128 x 96, holds; (60, 40) gives 53 x 40, which a quarter,
    # 64 x 48, holds.
    for scale, factor in zip(SCALES, (4, 2, 1)):
        found = LoadImageForScale(scale)(dict(img_path=path))
        assert found['img'].shape == (192 // factor, 256 // factor, 3)
        assert found['img_shape'] == found['img'].shape[:2]
        assert found['ori_shape'] == (192, 256)
        assert found['pixel_scale'] == (1 / factor, 1 / factor)
        assert found['scale'] == scale
        assert ('homography_matrix' in found) == (factor > 1)
    assert found['drawn_shape'] == (100, 133)


def test_never_reduces_what_is_to_be_enlarged(tmp_path):
    found = LoadImageForScale((1333, 800))(
        dict(img_path=write(tmp_path / 'a.jpg', (40, 30)))
    )
    assert found['img'].shape == (30, 40, 3)
    assert found['drawn_shape'] == (800, 1067)


def test_places_of_odd_sizes(tmp_path):
    path = write(tmp_path / 'a.jpg', (131, 97))
    found = LoadImageForScale((16, 12))(
        dict(
            img_path=path,
            instances=[*instances((0, 0, 131, 97)), dict(bbox_label=0)],
        )
    )
    assert found['instances'][1] == dict(bbox_label=0)
    # ceil(131 / 8) = 17 columns hold the whole image, ceil(97 / 8) = 13 rows.
    assert found['pixel_scale'] == (17 / 131, 13 / 97)
    assert found['instances'][0]['bbox'] == pytest.approx((0, 0, 17, 13))


def test_draws_as_the_stock_transform(tmp_path):
    path = write(tmp_path / 'a.jpg', (60, 40))
    stock = TRANSFORMS.build(
        dict(type='RandomChoiceResize', scales=SCALES, keep_ratio=True)
    )
    ours = LoadImageForScale(SCALES)
    image = LoadImageFromFile()(dict(img_path=path))['img']
    np.random.seed(3)
    expected = [stock(dict(img=image))['scale'] for _ in range(20)]
    np.random.seed(3)
    found = [ours(dict(img_path=path)) for _ in range(20)]
    assert [results['scale'] for results in found] == expected
    assert set(expected) == set(SCALES)
    assert all(SCALES[r['scale_idx']] == r['scale'] for r in found)


@pytest.mark.parametrize('backend', DECODERS)
@pytest.mark.parametrize('orientation', range(1, 9))
def test_orientation_and_boxes(tmp_path, backend, orientation):
    if resolve_backend(backend)[0] != backend:
        pytest.skip(resolve_backend(backend)[1])
    # A white patch, whose box is annotated in the upright image.
    stored = np.zeros((192, 256, 3), np.uint8)
    stored[16:48, 32:112] = 255
    picture = Image.fromarray(stored)
    picture.getexif()[0x0112] = orientation
    upright = np.asarray(ImageOps.exif_transpose(picture))[..., 0]
    rows, columns = (np.flatnonzero(upright.any(axis)) for axis in (1, 0))
    box = (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
    picture.save(tmp_path / 'a.jpg', exif=picture.getexif())
    height, width = upright.shape
    found = LoadImageForScale((90, 64), backend=backend)(
        dict(
            img_path=str(tmp_path / 'a.jpg'),
            height=height,
            width=width,
            instances=instances(box),
        )
    )
    assert found['ori_shape'] == upright.shape
    assert found['img_shape'] == (height // 2, width // 2)
    x1, y1, x2, y2 = map(int, found['instances'][0]['bbox'])
    bright = found['img'].min(axis=2) > 128
    assert bright[y1:y2, x1:x2].all()
    assert bright.sum() == (x2 - x1) * (y2 - y1) == 40 * 16


def test_annotations_of_another_size(tmp_path, log):
    path = write(tmp_path / 'a.jpg', (60, 40), orientation=6)
    with pytest.raises(ValueError) as caught:
        LoadImageForScale((60, 40))(dict(img_path=path, width=60, height=40))
    assert str(caught.value) == (
        f'image {path} is 40x60 upright, but its annotations say 60x40, as '
        'before the EXIF orientation. Correct them, take it out '
        "of the annotations, or, for training, set on_error='skip'."
    )
    skip = LoadImageForScale((60, 40), on_error='skip')
    assert skip(dict(img_path=path, width=61, height=40)) is None
    assert 'annotations say 61x40: skipped' in log.text
    assert skip(dict(img_path=path, width=40, height=60)) is not None


@pytest.mark.parametrize(
    'name, options',
    [
        ('png_named.jpg', dict(format='PNG')),
        ('grey.jpg', dict(mode='L')),
        ('grey.png', dict(mode='L')),
        ('deep.png', dict(mode='I;16')),
        ('alpha.png', dict(mode='RGBA')),
        ('cmyk.jpg', dict(mode='CMYK')),
        ('progressive.jpg', dict(progressive=True)),
    ],
)
def test_other_kinds_equal_the_stock_transform(tmp_path, name, options):
    path = write(tmp_path / name, (64, 48), **options)
    found = LoadImageForScale((64, 48))(dict(img_path=path))['img']
    expected = LoadImageFromFile()(dict(img_path=path))['img']
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize('backend', ['cv2', 'pillow'])
@pytest.mark.parametrize('mode', ['L', 'CMYK'])
def test_other_colours_are_reduced_too(tmp_path, mode, backend):
    path = write(tmp_path / 'a.jpg', (64, 48), mode=mode)
    found = LoadImageForScale((32, 24), backend=backend)(dict(img_path=path))
    full = LoadImageFromFile()(dict(img_path=path))['img']
    means = full.reshape(24, 2, 32, 2, 3).mean((1, 3))
    assert np.abs(found['img'] - means).mean() < 2


@pytest.mark.parametrize('name', ['a.jpg', 'a.png'])
def test_one_pixel(tmp_path, name):
    path = write(tmp_path / name, (1, 1))
    found = pipeline(
        dict(type='LoadImageForScale', scales=(8, 8)),
        'LoadAnnotations',
        'ResizeToDrawnScale',
        'PackDetInputs',
    )(dict(img_path=path, img_id=0, instances=[]))
    assert found['inputs'].shape == (3, 8, 8)
    assert found['data_samples'].ori_shape == (1, 1)
    assert found['data_samples'].scale_factor == (8, 8)
    assert len(found['data_samples'].gt_instances) == 0


def test_a_stripe_keeps_a_pixel(tmp_path):
    # 30 / 400 of one row is less than half a row.
    path = write(tmp_path / 'a.jpg', (400, 1))
    found = pipeline(
        dict(type='LoadImageForScale', scales=(30, 30)), 'ResizeToDrawnScale'
    )(dict(img_path=path))
    assert found['img'].shape == (1, 30, 3)
    assert found['scale_factor'] == (30 / 400, 1)


@pytest.mark.parametrize('backend', DECODERS)
@pytest.mark.parametrize(
    'how, words',
    [
        ('empty', 'is empty'),
        ('truncated', 'is a truncated JPEG'),
        ('text', 'is no image that can be decoded'),
        ('missing', 'does not exist'),
        ('noise', 'is no image that can be decoded'),
        ('no tables', 'cannot be decoded|is no image that can be decoded'),
    ],
)
def test_broken_files(tmp_path, log, how, words, backend):
    path = write(tmp_path / 'a.jpg', (64, 48))
    data = (tmp_path / 'a.jpg').read_bytes()
    (tmp_path / 'a.jpg').unlink()
    if how != 'missing':
        broken = {
            'empty': b'',
            'truncated': data[:-50],
            'text': b'text',
            'noise': data[:2] + b'\xff\xda' + data[-90:],
            # FF DB holds what pixels are multiplied by, FF EC a comment. So
            # the header is whole, but the decoder fails.
            'no tables': data.replace(b'\xff\xdb', b'\xff\xec'),
        }
        (tmp_path / 'a.jpg').write_bytes(broken[how])
    with pytest.raises(ValueError, match=f'a.jpg ({words})') as caught:
        LoadImageForScale((60, 40), backend=backend)(dict(img_path=path))
    assert '\n' not in str(caught.value)
    skip = LoadImageForScale((60, 40), on_error='skip', backend=backend)
    assert skip(dict(img_path=path)) is None
    assert '(1 skipped so far)' in log.text


def test_decodes_once(tmp_path, monkeypatch):
    path = write(tmp_path / 'a.jpg', (64, 48))
    calls = []

    def decode(data, denominator):
        calls.append(denominator)
        return DECODERS['pillow'](data, denominator)

    monkeypatch.setitem(DECODERS, 'cv2', decode)
    monkeypatch.setattr(cv2, 'imdecode', None)
    LoadImageForScale((32, 24), backend='cv2')(dict(img_path=path))
    assert calls == [2]


def test_boxes_of_the_sample_are_not_changed_in_place(tmp_path):
    boxes = HorizontalBoxes([[0.0, 0.0, 10.0, 20.0]])
    sample = dict(
        img_path=write(tmp_path / 'a.jpg', (64, 48)), gt_bboxes=boxes
    )
    found = LoadImageForScale((32, 24))(dict(sample))
    assert found['gt_bboxes'].numpy().tolist() == [[0, 0, 5, 10]]
    assert boxes.numpy().tolist() == [[0, 0, 10, 20]]


@pytest.mark.parametrize('key', ['gt_masks', 'gt_seg_map', 'gt_keypoints'])
def test_no_masks(tmp_path, key):
    path = write(tmp_path / 'a.jpg', (64, 48))
    with pytest.raises(ValueError, match=f'boxes only, but got {key}. Train'):
        LoadImageForScale((60, 40))({'img_path': path, key: []})


def test_reaches_spawned_workers(tmp_path):
    path = write(tmp_path / 'a.jpg', (64, 48))
    load = LoadImageForScale(SCALES, on_error='skip')
    sent = pickle.loads(ForkingPickler.dumps(load))
    assert repr(sent) == repr(load)
    np.random.seed(0)
    first = load(dict(img_path=path))
    np.random.seed(0)
    second = sent(dict(img_path=path))
    np.testing.assert_array_equal(first.pop('img'), second.pop('img'))
    np.testing.assert_array_equal(
        first.pop('homography_matrix', 0), second.pop('homography_matrix', 0)
    )
    assert first == second


@pytest.mark.parametrize(
    'backend, level', [('auto', logging.INFO), ('turbojpeg', logging.WARNING)]
)
def test_a_fallback_is_said_once(backend, level, log, monkeypatch):
    load_image_for_scale._say_once.cache_clear()
    monkeypatch.setattr(
        load_image_for_scale, 'resolve_backend', lambda _: ('cv2', 'gone')
    )
    for _ in range(3):
        assert LoadImageForScale((60, 40), backend=backend).backend == 'cv2'
    assert [(r.levelno, r.getMessage()) for r in log.records] == [
        (level, 'gone.')
    ]
    load_image_for_scale._say_once.cache_clear()


@pytest.mark.parametrize(
    'scales',
    [[], 800, [800], [(1333, 640, 3)], [(1333, 0)], [(0.5, 0.5)], None],
)
def test_wrong_scales(scales):
    with pytest.raises(ValueError, match='pairs of positive whole numbers'):
        LoadImageForScale(scales)


def test_scales_of_every_spelling():
    for scales in ((60, 40), [60, 40], [(60, 40)], [[60, 40]], ((60, 40),)):
        assert LoadImageForScale(scales).scales == [(60, 40)]


def test_wrong_backend():
    with pytest.raises(ValueError, match="'pillow', but got 'PIL'"):
        LoadImageForScale((60, 40), backend='PIL')
