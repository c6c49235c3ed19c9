"""LoadAndResize gives what the stock pipeline gives, from less."""

import copy
import logging
import pickle
from multiprocessing.reduction import ForkingPickler

import cv2
import numpy as np
import pytest
from mmcv.transforms import Compose, LoadImageFromFile
from mmcv.transforms.utils import cache_random_params
from mmdet.datasets.transforms import Resize
from mmdet.registry import TRANSFORMS
from PIL import Image, ImageOps

from dense_scene.datasets.images.jpeg import DECODERS, resolve_backend
from dense_scene.datasets.transforms.loading import load_and_resize
from dense_scene.datasets.transforms.loading.load_and_resize import (
    LoadAndResize,
)
from shelf_scenes.render import render_shelf

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


def ramp(path, width: int, height: int) -> str:
    """Gray from 0 to 255 from corner to corner."""
    x, y = np.meshgrid(np.arange(width) / width, np.arange(height) / height)
    gray = np.rint(255 * (x + y) / 2).astype(np.uint8)
    cv2.imwrite(str(path), gray, [cv2.IMWRITE_JPEG_QUALITY, 98])
    return str(path)


def instances(*boxes) -> list[dict]:
    return [dict(bbox=list(box), bbox_label=0, ignore_flag=0) for box in boxes]


def random_instances(number: int, size: tuple[int, int]) -> list[dict]:
    corners = np.random.default_rng(1).uniform(0, 1, (number, 2, 2))
    corners = np.sort(corners, axis=1) * size
    return instances(*corners.reshape(-1, 4).tolist())


def stock(scale, keep_ratio=True, *between) -> Compose:
    """What LoadAndResize takes the place of."""
    return Compose(
        [
            dict(type='LoadImageFromFile'),
            dict(type='LoadAnnotations', with_bbox=True),
            *between,
            dict(type='Resize', scale=scale, keep_ratio=keep_ratio),
        ]
    )


@pytest.fixture
def decoded(monkeypatch) -> list[int]:
    """The denominators that JPEGs are decoded with."""
    calls = []

    def decode(data, denominator):
        calls.append(denominator)
        return DECODERS['pillow'](data, denominator)

    monkeypatch.setitem(DECODERS, 'cv2', decode)
    return calls


@pytest.mark.parametrize('number', [0, 1, 600])
@pytest.mark.parametrize('keep_ratio', [True, False])
@pytest.mark.parametrize('scale', SCALES)
@pytest.mark.parametrize('size', [(256, 192), (257, 191)])
def test_equals_the_stock_pipeline(tmp_path, size, scale, keep_ratio, number):
    sample = dict(
        img_path=write(tmp_path / 'a.jpg', size),
        width=size[0],
        height=size[1],
        instances=random_instances(number, size),
    )
    untouched = copy.deepcopy(sample)
    found = LoadAndResize(scale, keep_ratio=keep_ratio)(dict(sample))
    expected = stock(scale, keep_ratio)(dict(sample))
    assert found.keys() == expected.keys() | {'scale_idx'}
    assert found['img'].shape == expected['img'].shape
    for key in ('img_shape', 'ori_shape', 'scale', 'keep_ratio'):
        assert found[key] == expected[key], key
    # One scaling, by one factor: nothing but the same float32 arithmetic.
    assert found['scale_factor'] == expected['scale_factor']
    for key in ('gt_bboxes_labels', 'gt_ignore_flags', 'homography_matrix'):
        np.testing.assert_array_equal(found[key], expected[key])
    np.testing.assert_array_equal(
        found['gt_bboxes'].numpy(), expected['gt_bboxes'].numpy()
    )
    assert sample == untouched


def test_reduces_where_nothing_is_enlarged(tmp_path, decoded):
    path = write(tmp_path / 'a.jpg', (256, 192))
    # (200, 100) gives 133 x 100, more than half; (90, 64) gives 85 x 64,
    # which a half, 128 x 96, holds; (60, 40) gives 53 x 40, which a quarter,
    # 64 x 48, holds. 800 / 192 enlarges.
    for scale, size in (
        ((60, 40), (40, 53)),
        ((90, 64), (64, 85)),
        ((200, 100), (100, 133)),
        ((1333, 800), (800, 1067)),
    ):
        found = LoadAndResize(scale, backend='cv2')(dict(img_path=path))
        assert found['img'].shape == (*size, 3)
        assert found['img_shape'] == size
        assert found['ori_shape'] == (192, 256)
    assert decoded == [4, 2, 1, 1]


def test_draws_as_the_stock_transform(tmp_path):
    path = write(tmp_path / 'a.jpg', (60, 40))
    resize = TRANSFORMS.build(
        dict(type='RandomChoiceResize', scales=SCALES, keep_ratio=True)
    )
    ours = LoadAndResize(SCALES)
    image = LoadImageFromFile()(dict(img_path=path))['img']
    np.random.seed(3)
    expected = [resize(dict(img=image))['scale'] for _ in range(20)]
    np.random.seed(3)
    found = [ours(dict(img_path=path)) for _ in range(20)]
    assert [results['scale'] for results in found] == expected
    assert set(expected) == set(SCALES)
    assert all(SCALES[r['scale_idx']] == r['scale'] for r in found)


@pytest.mark.parametrize('size', [(640, 480), (643, 485), (647, 487)])
@pytest.mark.parametrize('scale', [(300, 200), (150, 90), (70, 50)])
def test_a_ramp_stays_a_ramp(tmp_path, size, scale):
    # Averages and interpolation of a linear function are that function, so
    # that both ways agree up to their rounding, 1 each, and JPEG's, 1.
    # Shifted by one pixel of the result it would differ by up to 255 / 2 / 50.
    path = ramp(tmp_path / 'a.jpg', *size)
    found = LoadAndResize(scale)(dict(img_path=path))['img']
    expected = stock(scale)(dict(img_path=path))['img']
    difference = np.abs(found.astype(int) - expected)
    assert difference[1:-1, 1:-1].max() <= 3
    assert difference.mean() < 0.7


def peak_ratio(first: np.ndarray, second: np.ndarray) -> float:
    """Peak signal-to-noise ratio in decibels."""
    error = np.mean((first.astype(float) - second) ** 2)
    return 10 * np.log10(255**2 / error)


def test_less_aliasing_than_the_stock_pipeline(tmp_path):
    # The ideal is the mean of the full image over each pixel of the result.
    # The stock resize looks at 2 x 2 of the 3.6 x 3.6 pixels below one of
    # the result; a decoding at 1/2 has averaged before and sees them all.
    image, _ = render_shelf(seed=1, size=720, objects=(60, 60))
    path = str(tmp_path / 'a.jpg')
    cv2.imwrite(path, image)
    full = LoadImageFromFile()(dict(img_path=path))
    ideal = cv2.resize(full['img'], (200, 200), interpolation=cv2.INTER_AREA)
    expected = Resize(scale=(200, 200), keep_ratio=True)(full)['img']
    found = LoadAndResize((200, 200))(dict(img_path=path))['img']
    assert peak_ratio(found, ideal) > peak_ratio(expected, ideal) + 1
    # Two errors of at most this size that have nothing to do with each other
    # add up to twice the energy, which is 3 decibels.
    assert peak_ratio(found, expected) > peak_ratio(expected, ideal) - 3


GEOMETRIC = [
    'TranslateX_BBox',
    'TranslateY_BBox',
    'Rotate_BBox',
    'ShearX_BBox',
]


@pytest.mark.parametrize('size', [(1024, 768), (1021, 767)])
@pytest.mark.parametrize('name', GEOMETRIC)
def test_augmentation_acts_as_at_full_resolution(
    tmp_path, size, name, decoded
):
    sample = dict(
        img_path=ramp(tmp_path / 'a.jpg', *size),
        instances=instances((400, 300, 500, 420), (0, 0, 40, 30)),
    )
    policy = [[(name, 1.0, 10)]]
    np.random.seed(0)
    load = LoadAndResize((250, 188), policy, backend='cv2')
    found = load(dict(sample))
    assert decoded == [4]
    np.random.seed(0)
    np.random.randint(1)  # ours has drawn a scale, mmdet's nothing
    augment = dict(type='DetAutoAugment', policy=policy)
    expected = stock((250, 188), True, augment)(dict(sample))
    # Decoded at 1/4, translated by 62 of its pixels for 250 / 4 = 62.5.
    np.testing.assert_allclose(
        found['gt_bboxes'].numpy(),
        expected['gt_bboxes'].numpy(),
        rtol=0,
        atol=0.51,
    )
    difference = np.abs(
        found['homography_matrix'] - expected['homography_matrix']
    )
    assert difference[:2, :2].max() < 1e-3 and difference[:2, 2].max() < 0.51
    assert len(found['gt_bboxes_labels']) == len(found['gt_bboxes'])
    before = np.multiply((400, 300, 500, 420), found['scale_factor'] * 2)
    assert np.abs(found['gt_bboxes'].numpy()[0] - before).max() > 2


@pytest.mark.parametrize('name', GEOMETRIC)
def test_an_object_moves_with_its_box(tmp_path, name):
    # A white object of 240 x 160 in a photo decoded at 1/4, 128 x 96 in the
    # end: 30 x 20 pixels, wherever the operation puts them.
    image = np.zeros((768, 1024, 3), np.uint8)
    image[320:480, 400:640] = 255
    cv2.imwrite(str(tmp_path / 'a.jpg'), image)
    found = LoadAndResize((128, 96), [[(name, 1.0, 4)]])(
        dict(
            img_path=str(tmp_path / 'a.jpg'),
            instances=instances((400, 320, 640, 480)),
        )
    )
    ys, xs = np.nonzero(found['img'].min(axis=2) > 200)
    extent = [xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]
    (box,) = found['gt_bboxes'].numpy()
    np.testing.assert_allclose(extent, box, rtol=0, atol=1.5)


def test_the_same_seed_gives_the_same_sample(tmp_path):
    sample = dict(
        img_path=write(tmp_path / 'a.jpg', (256, 192)),
        instances=random_instances(9, (256, 192)),
    )
    load = LoadAndResize(SCALES, 'v1', on_error='skip')
    sent = pickle.loads(ForkingPickler.dumps(load))  # to a spawned worker
    assert repr(sent) == repr(load)
    for seed in range(9):
        np.random.seed(seed)
        first = load(dict(sample))
        np.random.seed(seed)
        second = sent(dict(sample))
        np.testing.assert_array_equal(first['img'], second['img'])
        np.testing.assert_array_equal(
            first['gt_bboxes'].numpy(), second['gt_bboxes'].numpy()
        )


def test_randomness_can_be_held(tmp_path):
    sample = dict(img_path=write(tmp_path / 'a.jpg', (256, 192)))
    load = LoadAndResize(SCALES, 'v1')
    for _ in range(5):
        with cache_random_params(load):
            first, second = load(dict(sample)), load(dict(sample))
        np.testing.assert_array_equal(first['img'], second['img'])


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
    found = LoadAndResize((128, 96), backend=backend)(
        dict(
            img_path=str(tmp_path / 'a.jpg'),
            height=height,
            width=width,
            instances=instances(box),
        )
    )
    assert found['ori_shape'] == upright.shape
    assert found['img_shape'] == (height // 2, width // 2)
    x1, y1, x2, y2 = found['gt_bboxes'].numpy()[0].astype(int)
    bright = found['img'].min(axis=2) > 128
    assert bright[y1:y2, x1:x2].all()
    assert bright.sum() == (x2 - x1) * (y2 - y1) == 40 * 16


def test_annotations_of_another_size(tmp_path, log):
    path = write(tmp_path / 'a.jpg', (60, 40), orientation=6)
    with pytest.raises(ValueError) as caught:
        LoadAndResize((60, 40))(dict(img_path=path, width=60, height=40))
    assert str(caught.value) == (
        f'image {path} is 40x60 upright, but its annotations say 60x40, as '
        'before the EXIF orientation. Correct them, take it out '
        "of the annotations, or, for training, set on_error='skip'."
    )
    skip = LoadAndResize((60, 40), on_error='skip')
    assert skip(dict(img_path=path, width=61, height=40)) is None
    assert 'annotations say 61x40: skipped' in log.text
    assert skip(dict(img_path=path, width=40, height=60)) is not None


@pytest.mark.parametrize(
    'name, options',
    [
        ('png_named.jpg', dict(format='PNG')),
        ('gray.jpg', dict(mode='L')),
        ('gray.png', dict(mode='L')),
        ('deep.png', dict(mode='I;16')),
        ('alpha.png', dict(mode='RGBA')),
        ('cmyk.jpg', dict(mode='CMYK')),
        ('progressive.jpg', dict(progressive=True)),
    ],
)
def test_other_kinds_equal_the_stock_transform(tmp_path, name, options):
    path = write(tmp_path / name, (64, 48), **options)
    found = LoadAndResize((64, 48))(dict(img_path=path))['img']
    expected = LoadImageFromFile()(dict(img_path=path))['img']
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize('backend', ['cv2', 'pillow'])
@pytest.mark.parametrize('mode', ['L', 'CMYK'])
def test_other_colors_are_reduced_too(tmp_path, mode, backend):
    path = write(tmp_path / 'a.jpg', (64, 48), mode=mode)
    found = LoadAndResize((32, 24), backend=backend)(dict(img_path=path))
    full = LoadImageFromFile()(dict(img_path=path))['img']
    means = full.reshape(24, 2, 32, 2, 3).mean((1, 3))
    assert np.abs(found['img'] - means).mean() < 2


@pytest.mark.parametrize('name', ['a.jpg', 'a.png'])
def test_one_pixel(tmp_path, name):
    path = write(tmp_path / name, (1, 1))
    load = dict(type='LoadAndResize', scales=(8, 8), auto_augment='v1')
    found = Compose([load, dict(type='PackDetInputs')])(
        dict(img_path=path, img_id=0, instances=[])
    )
    assert found['inputs'].shape == (3, 8, 8)
    assert found['data_samples'].ori_shape == (1, 1)
    assert found['data_samples'].scale_factor == (8, 8)
    assert len(found['data_samples'].gt_instances) == 0


def test_a_stripe_keeps_a_pixel(tmp_path):
    # 30 / 400 of one row is less than half a row.
    path = write(tmp_path / 'a.jpg', (400, 1))
    found = LoadAndResize((30, 30))(dict(img_path=path))
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
        LoadAndResize((60, 40), backend=backend)(dict(img_path=path))
    assert '\n' not in str(caught.value)
    skip = LoadAndResize((60, 40), on_error='skip', backend=backend)
    assert skip(dict(img_path=path)) is None
    assert '(1 skipped so far)' in log.text


def test_decodes_once(tmp_path, decoded, monkeypatch):
    path = write(tmp_path / 'a.jpg', (64, 48))
    monkeypatch.setattr(cv2, 'imdecode', None)
    LoadAndResize((32, 24), backend='cv2')(dict(img_path=path))
    assert decoded == [2]


def test_boxes_are_clipped_unless_told_not_to(tmp_path):
    path = write(tmp_path / 'a.jpg', (256, 192))
    # 64 / 192 of 256 is 85.33, which mmcv rounds to 85.
    for clip, x2 in ((True, 85), (False, 340 * 85 / 256)):
        found = LoadAndResize((90, 64), clip_object_border=clip)(
            dict(img_path=path, instances=instances((0, 0, 340, 96)))
        )
        np.testing.assert_allclose(
            found['gt_bboxes'].numpy(), [[0, 0, x2, 32]], rtol=1e-6
        )


def test_options_of_the_annotations(tmp_path):
    sample = dict(
        img_path=write(tmp_path / 'a.jpg', (256, 192)),
        instances=instances((0, 0, 128, 96)),
    )
    arrays = LoadAndResize((90, 64), 'v1', annotations=dict(box_type=None))
    found = arrays(dict(sample))
    assert type(found['gt_bboxes']) is np.ndarray
    none = LoadAndResize((90, 64), 'v1', annotations=dict(with_bbox=False))
    assert 'gt_bboxes' not in none(dict(sample))
    for key in ('with_mask', 'with_seg'):
        with pytest.raises(ValueError, match=f'without .*but got .*{key}'):
            LoadAndResize((90, 64), annotations={key: True})


def test_annotations_are_not_loaded_a_second_time(tmp_path):
    pipeline = Compose(
        [
            dict(type='LoadAndResize', scales=(90, 64)),
            dict(type='LoadAnnotations', with_bbox=True),
        ]
    )
    path = write(tmp_path / 'a.jpg', (256, 192))
    with pytest.raises(ValueError, match='must not follow LoadAndResize'):
        pipeline(dict(img_path=path, instances=instances((0, 0, 9, 9))))


@pytest.mark.parametrize('key', ['gt_masks', 'gt_seg_map', 'gt_keypoints'])
def test_no_masks(tmp_path, key):
    path = write(tmp_path / 'a.jpg', (64, 48))
    with pytest.raises(ValueError, match=f'boxes alone, but got {key}'):
        LoadAndResize((60, 40))({'img_path': path, key: []})


@pytest.mark.parametrize(
    'backend, level', [('auto', logging.INFO), ('turbojpeg', logging.WARNING)]
)
def test_a_fallback_is_said_once(backend, level, log, monkeypatch):
    load_and_resize._say_once.cache_clear()
    monkeypatch.setattr(
        load_and_resize, 'resolve_backend', lambda _: ('cv2', 'gone')
    )
    for _ in range(3):
        assert LoadAndResize((60, 40), backend=backend).backend == 'cv2'
    assert [(r.levelno, r.getMessage()) for r in log.records] == [
        (level, 'gone.')
    ]
    load_and_resize._say_once.cache_clear()


@pytest.mark.parametrize(
    'scales', [[], 0, [(1333, 640, 3)], [(1333, 0)], [(0.5, 0.5)], None]
)
def test_wrong_scales(scales):
    with pytest.raises(ValueError, match='scales must be a positive integer'):
        LoadAndResize(scales)


def test_scales_of_every_spelling():
    for scales in ((60, 40), [60, 40], [(60, 40)], [[60, 40]], ((60, 40),)):
        assert LoadAndResize(scales).scales == [(60, 40)]


@pytest.mark.parametrize(
    'options, words',
    [
        (dict(backend='PIL'), "'pillow', but got 'PIL'"),
        (dict(auto_augment='v9'), "but got 'v9'"),
        (dict(on_error='no'), "'raise', 'skip', but got 'no'"),
    ],
)
def test_wrong_options(options, words):
    with pytest.raises(ValueError, match=words):
        LoadAndResize((60, 40), **options)
