"""SKU110KDataset on a small folder of the official layout."""

import re

import cv2
import numpy as np
import pytest
from mmdet.registry import DATASETS
from PIL import Image

from dense_scene.datasets.sku110k.sku110k_dataset import SKU110KDataset


def build(root, **kwargs) -> SKU110KDataset:
    return DATASETS.build(
        dict(type='SKU110KDataset', data_root=str(root), **kwargs)
    )


def names(dataset) -> list[str]:
    return [
        dataset.get_data_info(i)['img_path'].rsplit('/', 1)[-1]
        for i in range(len(dataset))
    ]


def test_data_info(sku_root):
    dataset = build(sku_root)
    assert dataset.metainfo['classes'] == ('object',)
    # The second box is clipped at the right edge, the third lies outside.
    assert dataset.get_data_info(0) == dict(
        img_path=str(sku_root / 'images/train_1.jpg'),
        img_id=0,
        seg_map_path=None,
        height=40,
        width=60,
        instances=[
            dict(bbox=[10, 10, 30, 30], bbox_label=0, ignore_flag=0),
            dict(bbox=[40, 5, 60, 20], bbox_label=0, ignore_flag=0),
        ],
        sample_idx=0,
    )
    assert dataset.get_data_info(2)['instances'] == []


def test_the_log_says_what_was_changed(sku_root, log):
    build(sku_root)
    assert (
        'annotations_train.csv: 3 images with 3 boxes; clipped 1 boxes '
        'to their image, left out 2 boxes: 1 thinner than a pixel, '
        '1 outside of their image'
    ) in log.text


def test_600_touching_boxes_reach_the_edge(sku_root):
    (sku_root / 'annotations/annotations_train.csv').write_text(
        ''.join(f'a.jpg,{x},0,{x + 1},9,object,600,9\n' for x in range(600))
    )
    boxes = build(sku_root).columns.boxes
    assert boxes.shape == (600, 4)
    assert boxes[-1].tolist() == [599, 0, 600, 9]


def test_empty_images_are_filtered_in_training_only(sku_root):
    rule = dict(filter_empty_gt=True)
    assert names(build(sku_root, filter_cfg=rule)) == [
        'train_1.jpg',
        'train_2.jpg',
    ]
    assert len(build(sku_root, filter_cfg=rule, test_mode=True)) == 3


def test_known_truncated_images_are_skipped_and_named(sku_root, log):
    path = sku_root / 'annotations/annotations_train.csv'
    path.write_text(path.read_text().replace('train_2', 'train_882'))
    dataset = build(sku_root)
    assert names(dataset) == ['train_1.jpg', 'train_3.jpg']
    # Ids are positions in the file, whatever is left out.
    assert dataset.get_data_info(1)['img_id'] == 2
    assert re.search('skipped 1 images .*: train_882.jpg', log.text)
    assert len(build(sku_root, skip_images=())) == 3
    assert len(build(sku_root, skip_images=['train_1.jpg'])) == 2


def test_manifest(sku_root, tmp_path):
    manifest = tmp_path / 'mine.txt'
    manifest.write_text('# two of them\ntrain_3.jpg\n\ntrain_2.jpg\n')
    dataset = build(sku_root, manifest=str(manifest))
    assert names(dataset) == ['train_2.jpg', 'train_3.jpg']
    assert dataset.get_data_info(0)['img_id'] == 1


def test_shipped_manifest_is_found_by_name(sku_root):
    with pytest.raises(ValueError, match='956 of 956 are not there'):
        build(sku_root, manifest='sku110k-sub_test.txt')


def test_wrong_manifest(sku_root, tmp_path):
    with pytest.raises(
        FileNotFoundError,
        match="'no.txt' does not exist.* one of .*sku110k-sub_val.txt",
    ):
        build(sku_root, manifest='no.txt')
    (tmp_path / 'empty.txt').write_text('# nothing\n')
    with pytest.raises(ValueError, match='must list image names'):
        build(sku_root, manifest=str(tmp_path / 'empty.txt'))


def test_missing_root_names_it_and_the_variable(tmp_path):
    missing = str(tmp_path / 'nowhere')
    # The class names are needed without data too, for inference.
    assert build(missing, lazy_init=True).metainfo['classes'] == ('object',)
    with pytest.raises(FileNotFoundError) as caught:
        build(missing)
    assert f'nor does {missing}. Set' in str(caught.value)
    assert 'SKU110K_ROOT' in str(caught.value)


def test_missing_file_in_an_existing_root(sku_root):
    with pytest.raises(
        FileNotFoundError, match="annotations_val.csv' does not exist. Set"
    ):
        build(sku_root, ann_file='annotations/annotations_val.csv')


class TestCheckImageSize:
    def test_all_good(self, sku_root):
        assert len(build(sku_root, check_image_size=True)) == 3

    def test_broken_files_are_left_out_and_named(
        self, sku_root, truncate, log
    ):
        truncate(sku_root / 'images/train_1.jpg')
        (sku_root / 'images/train_2.jpg').write_bytes(b'no image')
        (sku_root / 'images/train_3.jpg').unlink()
        assert len(build(sku_root)) == 3
        found = build(sku_root, check_image_size=True, test_mode=True)
        assert len(found) == 0
        assert (
            'train_1.jpg is a truncated JPEG; train_2.jpg cannot be read as '
            'an image; train_3.jpg does not exist'
        ) in log.text

    def test_wrong_size(self, sku_root):
        cv2.imwrite(
            str(sku_root / 'images/train_2.jpg'),
            np.zeros((60, 40, 3), np.uint8),
        )
        with pytest.raises(
            ValueError,
            match='1 of 3 .* train_2.jpg is 40x60, not 60x40 .*exchanged',
        ):
            build(sku_root, check_image_size=True)

    @pytest.mark.parametrize(
        'orientation, size',
        [
            (6, (40, 60)),  # shown after a quarter turn
            (9, (60, 40)),  # means nothing
        ],
    )
    def test_orientation_counts_as_the_loader_sees_it(
        self, sku_root, orientation, size
    ):
        path = sku_root / 'images/train_2.jpg'
        exif = Image.Exif()
        exif[0x0112] = orientation
        Image.new('RGB', size).save(path, exif=exif)
        assert cv2.imread(str(path)).shape == (40, 60, 3)
        assert len(build(sku_root, check_image_size=True)) == 3
