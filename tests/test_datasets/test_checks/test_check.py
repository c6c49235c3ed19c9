"""A whole folder: each kind of fault alone, and the files written."""

import csv
import re
import shutil

import cv2
import numpy as np
import pytest
from PIL import Image

from dense_scene.datasets.checks.check import check_sku110k
from dense_scene.datasets.checks.faults import FAULT_KINDS
from dense_scene.datasets.checks.write_manifests import write_manifests
from dense_scene.datasets.sku110k.manifest import read_manifest
from dense_scene.datasets.sku110k.sku110k_dataset import SKU110KDataset


def prepare(root, tmp_path, out='out', workers=1, **kwargs):
    out = tmp_path / out
    check = check_sku110k(
        root, out / 'checked.jsonl', workers=workers, progress=False, **kwargs
    )
    return check, write_manifests(check, out)


def found(check) -> list[tuple[str, str, str]]:
    return [fault[:3] for fault in check.faults]


def test_nothing_wrong(root, tmp_path):
    check, paths = prepare(root, tmp_path)
    assert (check.faults, check.summary()) == ([], {})
    assert [path.name for path in paths] == [
        'images.csv',
        'faults.csv',
        'usable_train.txt',
        'usable_val.txt',
        'usable_test.txt',
    ]
    assert read_manifest(str(paths[2])) == ['train_0.jpg', 'train_1.jpg']
    header = (tmp_path / 'out/faults.csv').read_text()
    assert header == 'kind,split,image,detail\n'


def cut_off(root, add_row):
    path = root / 'images/train_1.jpg'
    path.write_bytes(path.read_bytes()[:-100])


def turn(root, add_row):
    exif = Image.Exif()
    exif[0x0112] = 6  # its size is 160 x 128 after a quarter turn
    Image.new('RGB', (128, 160)).save(root / 'images/train_1.jpg', exif=exif)


def shrink(root, add_row):
    cv2.imwrite(
        str(root / 'images/train_1.jpg'), np.zeros((64, 80, 3), np.uint8)
    )


def write_png(root, add_row):
    Image.new('RGB', (160, 128)).save(root / 'images/train_1.jpg', 'PNG')


def write_grey(root, add_row):
    Image.new('L', (160, 128)).save(root / 'images/train_1.jpg')


def damage(root, add_row):
    path = root / 'images/train_1.jpg'
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2] + b'\xff\xd9')


def copy(root, add_row):
    shutil.copy(root / 'images/train_0.jpg', root / 'images/train_1.jpg')


@pytest.mark.parametrize(
    'kind, breaking, usable',
    [
        (
            'missing_image',
            lambda root, _: (root / 'images/train_1.jpg').unlink(),
            False,
        ),
        ('unreadable', cut_off, False),
        ('wrong_size', shrink, False),
        ('orientation', turn, True),
        ('other_format', write_png, True),
        ('not_rgb', write_grey, True),
        ('corrupt_data', damage, True),
        ('duplicate_image', copy, True),
        (
            'degenerate_box',
            lambda _, add: add('train_1.jpg,9,9,9,20,object,160,128'),
            True,
        ),
        (
            'box_outside',
            lambda _, add: add('train_1.jpg,161,9,170,20,object,160,128'),
            True,
        ),
        (
            'box_reaches_out',
            lambda _, add: add('train_1.jpg,150,9,170,20,object,160,128'),
            True,
        ),
        (
            'duplicate_box',
            lambda root, add: add(
                (root / 'annotations/annotations_train.csv')
                .read_text()
                .splitlines()[-1]
            ),
            True,
        ),
    ],
)
def test_each_fault(root, add_row, tmp_path, kind, breaking, usable):
    breaking(root, add_row)
    check, _ = prepare(root, tmp_path, splits=['train'])
    assert found(check) == [(kind, 'train', 'train_1.jpg')]
    assert check.summary() == {kind: (1, FAULT_KINDS[kind][0])}
    path = tmp_path / 'out/usable_train.txt'
    assert ('train_1.jpg' in read_manifest(str(path))) is usable
    assert usable == ('# Left out: 0' in path.read_text())
    # The data set loads what the manifest lists, and keeps as many boxes.
    dataset = SKU110KDataset(
        data_root=str(root),
        manifest=str(path),
        skip_images=(),
        check_image_size=True,
    )
    assert dataset.columns.counts.tolist() == (
        check.splits[0].usable().counts.tolist()
    )


def test_faults_between_splits(root, tmp_path):
    shutil.copy(root / 'images/train_0.jpg', root / 'images/test_1.jpg')
    shutil.copy(root / 'images/train_0.jpg', root / 'images/more.jpg')
    csv_file = root / 'annotations/annotations_val.csv'
    csv_file.write_text(csv_file.read_text().replace('val_1', 'train_0'))
    check, _ = prepare(root, tmp_path)
    assert [fault[:4] for fault in check.faults] == [
        ('two_splits', 'val', 'train_0.jpg', 'is in train too'),
        (
            'duplicate_image',
            'test',
            'test_1.jpg',
            'same bytes as train_0.jpg (train)',
        ),
        ('no_rows', '', 'more.jpg', 'in no CSV'),
        ('no_rows', '', 'val_1.jpg', 'in no CSV'),
    ]


def test_broken_files_are_no_duplicates_of_one_another(root, tmp_path):
    for number in (0, 1):
        (root / f'images/val_{number}.jpg').write_bytes(b'')
    check, _ = prepare(root, tmp_path, splits=['val'])
    assert found(check) == [
        ('unreadable', 'val', 'val_0.jpg'),
        ('unreadable', 'val', 'val_1.jpg'),
    ]


def test_files_are_the_same_for_any_workers_and_after_a_rerun(root, tmp_path):
    cut_off(root, None)
    outputs = []
    for folder, workers in (('a', 1), ('b', 2), ('a', 2)):
        _, paths = prepare(root, tmp_path, folder, workers)
        outputs.append([path.read_bytes() for path in paths])
    assert outputs[0] == outputs[1] == outputs[2]


def test_image_table(root, tmp_path, add_row):
    cut_off(root, None)
    add_row('train_0.jpg,9,9,9,20,object,160,128')
    prepare(root, tmp_path, splits=['train'])
    with open(tmp_path / 'out/images.csv', newline='') as file:
        first, second = csv.DictReader(file)
    assert (first['image'], first['boxes'], first['usable_boxes']) == (
        'train_0.jpg',
        '16',
        '15',
    )
    assert re.fullmatch('[0-9a-f]{64}', first['sha256'])
    assert first['left_out_because'] == ''
    assert second['left_out_because'] == 'is a truncated JPEG'
    manifest = (tmp_path / 'out/usable_train.txt').read_text()
    assert '#   train_1.jpg is a truncated JPEG\n' in manifest
    assert '1 usable images with 15 usable boxes' in manifest


def test_limit_reads_the_first_images_only(root, tmp_path):
    (root / 'images/train_1.jpg').unlink()
    check, paths = prepare(root, tmp_path, limit=1)
    assert check.faults == []
    assert 'first 1 images were read' in paths[2].read_text()


def test_split_without_a_usable_image_has_no_manifest(root, tmp_path):
    _, paths = prepare(root, tmp_path, splits=['val'])
    assert paths[-1].is_file()
    for path in (root / 'images').glob('val_*'):
        path.write_bytes(b'')
    prepare(root, tmp_path, splits=['val'])
    # One of an earlier check would name images that cannot be read now.
    assert not paths[-1].exists()


@pytest.mark.parametrize(
    'kwargs, words',
    [
        (
            dict(splits=['train', 'valid']),
            r'some of train, val, test, .*valid',
        ),
        (dict(splits=[]), r'got \[\]'),
        (dict(splits=['val', 'val']), 'each once'),
        (dict(limit=0), 'limit must be a positive integer, but got 0'),
    ],
)
def test_wrong_request(root, tmp_path, kwargs, words):
    with pytest.raises(ValueError, match=words):
        prepare(root, tmp_path, **kwargs)


def test_missing_files_name_what_is_missing(root, tmp_path):
    with pytest.raises(
        FileNotFoundError, match='nowhere must be the unpacked'
    ):
        prepare(tmp_path / 'nowhere', tmp_path)
    (root / 'annotations/annotations_val.csv').unlink()
    with pytest.raises(FileNotFoundError, match='no .*annotations_val.csv'):
        prepare(root, tmp_path)
    assert not (tmp_path / 'out').exists()
