"""LoadCheckedImage loads what is whole and names what is not."""

import copy
import pickle
from multiprocessing.reduction import ForkingPickler

import cv2
import numpy as np
import pytest
from mmcv.transforms import LoadImageFromFile
from mmdet.registry import TRANSFORMS
from mmengine.dataset import pseudo_collate
from torch.utils.data import DataLoader

from dense_scene.datasets.sku110k.sku110k_dataset import SKU110KDataset
from dense_scene.datasets.transforms.loading.load_checked_image import (
    LoadCheckedImage,
)


@pytest.fixture
def path(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    cv2.imwrite(str(tmp_path / 'a.jpg'), noise)
    return tmp_path / 'a.jpg'


@pytest.mark.parametrize(
    'options',
    [
        dict(),
        dict(to_float32=True),
        dict(color_type='grayscale'),
        dict(imdecode_backend='pillow'),
    ],
)
def test_equals_the_stock_transform(path, options):
    found = TRANSFORMS.build(dict(type='LoadCheckedImage', **options))(
        dict(img_path=str(path))
    )
    expected = LoadImageFromFile(**options)(dict(img_path=str(path)))
    image = expected.pop('img')
    np.testing.assert_array_equal(found['img'], image)
    assert found.pop('img').dtype == image.dtype
    assert found == expected


def break_(path, how: str) -> str:
    """Break the file; what the message must say."""
    data = path.read_bytes()
    path.unlink()
    if how == 'missing':
        return 'does not exist'
    path.write_bytes(
        dict(
            empty=b'',
            truncated=data[:-50],
            text=b'text',
            noise=data[:2] + b'\xff\xda' + data[-90:],
        )[how]
    )
    return dict(
        empty='is empty',
        truncated='is a truncated JPEG',
        text='is no image that can be decoded',
        noise='is no image that can be decoded',
    )[how]


FAULTS = ['missing', 'empty', 'truncated', 'text', 'noise']


@pytest.mark.parametrize('how', FAULTS)
def test_raises_one_clear_line(path, how):
    words = break_(path, how)
    with pytest.raises(ValueError) as caught:
        LoadCheckedImage()(dict(img_path=str(path)))
    message = str(caught.value)
    assert message.startswith(f'image {path} {words}. Copy the file again')
    assert "on_error='skip'" in message
    assert '\n' not in message


@pytest.mark.parametrize('how', FAULTS)
def test_skips_with_a_warning(path, how, log):
    words = break_(path, how)
    load = LoadCheckedImage(on_error='skip')
    assert load(dict(img_path=str(path))) is None
    assert load(dict(img_path=str(path))) is None
    first, second = (record.getMessage() for record in log.records)
    assert f'image {path} {words}: skipped' in first
    assert '(1 skipped so far)' in first
    assert '(2 skipped so far)' in second
    assert all(record.levelname == 'WARNING' for record in log.records)


def test_other_backends_report_too(path):
    break_(path, 'text')
    with pytest.raises(ValueError, match=r'a.jpg cannot be decoded \(.*\)\.'):
        LoadCheckedImage(imdecode_backend='pillow')(dict(img_path=str(path)))


def test_a_folder_is_no_image(tmp_path):
    with pytest.raises(ValueError, match='cannot be read .*directory'):
        LoadCheckedImage()(dict(img_path=str(tmp_path)))


def test_wrong_mode():
    with pytest.raises(ValueError, match="'raise', 'skip', but got 'no'"):
        LoadCheckedImage(on_error='no')


def test_copies_count_together(path, log):
    break_(path, 'empty')
    load = LoadCheckedImage(on_error='skip')
    for transform in (load, copy.deepcopy(load)):
        transform(dict(img_path=str(path)))
    assert '(2 skipped so far)' in log.text


def test_spawned_workers_count_together(path, log):
    # How a worker that is not forked gets its data set.
    break_(path, 'empty')
    load = LoadCheckedImage(on_error='skip')
    load(dict(img_path=str(path)))
    sent = pickle.loads(ForkingPickler.dumps(load))
    sent(dict(img_path=str(path)))
    load(dict(img_path=str(path)))
    assert '(3 skipped so far)' in log.text


def train(root, **kwargs) -> SKU110KDataset:
    return SKU110KDataset(
        data_root=str(root),
        pipeline=[
            dict(type='LoadCheckedImage', on_error='skip'),
            dict(type='LoadAnnotations', with_bbox=True),
            dict(type='PackDetInputs'),
        ],
        **kwargs,
    )


def test_training_goes_on_and_workers_count_together(sku_root, truncate):
    truncate(sku_root / 'images/train_2.jpg')
    dataset = train(sku_root)
    loader = DataLoader(
        dataset, sampler=[1, 1, 1, 1], num_workers=2, collate_fn=pseudo_collate
    )
    found = [batch['data_samples'][0].img_path[-11:] for batch in loader]
    assert len(found) == 4
    assert 'train_2.jpg' not in found
    # Two processes skipped two or more each, since the draw that replaces
    # the broken file can hit it again; this process sees the sum.
    assert dataset.pipeline.transforms[0]._skipped.increase() > 4


def test_testing_does_not_skip(sku_root, truncate):
    truncate(sku_root / 'images/train_2.jpg')
    with pytest.raises(ValueError, match="train_2.jpg' is a truncated JPEG"):
        train(sku_root, test_mode=True)
