"""Column data sets work where mmengine and mmdet expect a data set."""

import copy

import numpy as np
import pytest
import torch
from mmdet.datasets import (
    AspectRatioBatchSampler,
    ConcatDataset,
    MultiImageMixDataset,
)
from mmdet.evaluation import CocoMetric
from mmengine.dataset import (
    ClassBalancedDataset,
    DefaultSampler,
    RepeatDataset,
    pseudo_collate,
)
from mmengine.structures import InstanceData
from torch.utils.data import DataLoader

from dense_scene.datasets.coco.dense_coco_dataset import DenseCocoDataset
from dense_scene.testing import tiny_coco

LOAD = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True),
]
# What CocoMetric needs where it is given no ann_file: the boxes themselves.
TEST = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(48, 48), keep_ratio=True),
    dict(
        type='PackDetInputs',
        meta_keys=(
            'img_id',
            'img_path',
            'ori_shape',
            'img_shape',
            'scale_factor',
            'instances',
        ),
    ),
]


@pytest.fixture
def make(tmp_path):
    """A data set of seven images with six boxes each."""
    ann_file = tiny_coco(tmp_path, num_images=7, classes=('a', 'b'))

    def make(**kwargs) -> DenseCocoDataset:
        return DenseCocoDataset(
            ann_file=str(ann_file),
            data_root=str(tmp_path),
            data_prefix=dict(img='images/'),
            **kwargs,
        )

    return make


def ids(dataset) -> list[int]:
    return [dataset.get_data_info(i)['img_id'] for i in range(len(dataset))]


@pytest.mark.parametrize(
    'indices, expected',
    [(3, [1, 2, 3]), (0, []), (-2, [6, 7]), ([5, 0, -1], [6, 1, 7]), ([], [])],
)
@pytest.mark.parametrize('serialize_data', [True, False])
def test_subsets(make, indices, expected, serialize_data):
    # The same four ways, and the same result, as in mmengine's BaseDataset.
    whole = make(serialize_data=serialize_data)
    assert ids(make(indices=indices)) == expected
    assert ids(whole.get_subset(indices)) == expected
    assert ids(whole) == [1, 2, 3, 4, 5, 6, 7]
    changed = copy.deepcopy(whole)
    changed.get_subset_(indices)
    assert ids(changed) == expected
    assert ids(whole) == [1, 2, 3, 4, 5, 6, 7]


def test_positions(make):
    dataset = make()
    assert dataset.get_data_info(-1)['sample_idx'] == 6
    assert dataset.get_data_info(np.int64(2))['img_id'] == 3
    for index in (7, -8):
        with pytest.raises(IndexError):
            dataset.get_data_info(index)


def test_infos_are_copies(make):
    dataset = make()
    before = dataset.get_data_info(0)
    dataset.get_data_info(0)['instances'][0]['bbox'][0] = -1
    assert dataset.get_data_info(0) == before


def test_lazy_init_reads_on_first_use(make):
    dataset = make(lazy_init=True)
    assert 'classes' not in dataset.metainfo
    assert len(dataset) == 7
    assert dataset.metainfo['classes'] == ('a', 'b')


def test_text_prompts(make):
    info = make(return_classes=True).get_data_info(0)
    assert info['text'] == ('a', 'b')
    assert info['custom_entities'] is True
    assert info['caption_prompt'] is None


def test_wrappers(make):
    dataset = make()
    assert ids(ConcatDataset([dataset, make(indices=2)])) == [
        1,
        2,
        3,
        4,
        5,
        6,
        7,
        1,
        2,
    ]
    assert ids(RepeatDataset(dataset, 2)) == [*range(1, 8)] * 2
    # Both classes are in every image (frequency 1), so that a threshold of 4
    # repeats each image sqrt(4 / 1) = 2 times.
    assert len(ClassBalancedDataset(dataset, oversample_thr=4)) == 14


def test_multi_image_mix(make):
    mixed = MultiImageMixDataset(
        make(pipeline=LOAD), [dict(type='Mosaic', img_scale=(64, 96))]
    )
    # Four images of six boxes on a canvas of twice the size.
    assert mixed[0]['img'].shape == (192, 128, 3)
    assert len(mixed[0]['gt_bboxes']) <= 24


def test_aspect_ratio_batches(make):
    dataset = make()
    batches = list(
        AspectRatioBatchSampler(
            DefaultSampler(dataset, shuffle=False), batch_size=3
        )
    )
    assert batches == [[0, 1, 2], [3, 4, 5], [6]]


def test_workers_share_the_columns(make):
    dataset = make(pipeline=[*LOAD, dict(type='PackDetInputs')])
    loader = DataLoader(
        dataset, batch_size=2, num_workers=2, collate_fn=pseudo_collate
    )
    found = [
        sample.img_id for batch in loader for sample in batch['data_samples']
    ]
    assert found == [1, 2, 3, 4, 5, 6, 7]


def test_no_column_holds_objects(make):
    # What makes workers copy memory is the reference counts of objects.
    columns = vars(make().columns).values()
    assert not any(column.dtype.hasobject for column in columns)


def evaluate(dataset, ann_file=None) -> dict:
    """COCO AP of the ground truth as prediction, in the original pixels."""
    metric = CocoMetric(ann_file=ann_file, metric='bbox')
    metric.dataset_meta = dataset.metainfo
    for index in range(len(dataset)):
        sample = dataset[index]['data_samples']
        # The file holds the boxes; PackDetInputs does not change them.
        instances = dataset.get_data_info(index)['instances']
        sample.pred_instances = InstanceData(
            bboxes=torch.tensor([box['bbox'] for box in instances]),
            labels=torch.tensor([box['bbox_label'] for box in instances]),
            scores=torch.ones(len(instances)),
        )
        metric.process({}, [sample.to_dict()])
    return metric.evaluate(len(dataset))


def test_coco_metric_needs_no_ann_file(make):
    dataset = make(test_mode=True, pipeline=TEST)
    assert evaluate(dataset)['coco/bbox_mAP'] == 1
    # And the labels are those that CocoMetric gives the same file.
    assert evaluate(dataset, dataset.ann_file)['coco/bbox_mAP'] == 1


def test_broken_image_in_testing_is_an_error(make, tmp_path, truncate):
    dataset = make(test_mode=True, pipeline=TEST)
    path = truncate(tmp_path / 'images/000002.png')
    assert dataset[0]['inputs'].shape == (3, 32, 48)
    with pytest.raises(ValueError, match=f'{path} is a truncated PNG'):
        dataset[1]
    path.unlink()
    with pytest.raises(ValueError, match=f'{path} does not exist.*copy'):
        dataset[1]


def test_broken_images_are_found_before_a_test(make, tmp_path, truncate):
    """Not after the hours that all images before them take."""
    truncate(tmp_path / 'images/000002.png')
    with pytest.raises(ValueError, match="1 of .*000002.png' is a truncated"):
        make(test_mode=True, pipeline=TEST)


def test_remote_images_are_left_to_the_loader(make):
    dataset = make(test_mode=True, pipeline=[lambda info: info])
    dataset.data_prefix = dict(img='s3://bucket/')
    assert dataset[0]['img_path'] == 's3://bucket/000001.png'


def test_masks_and_proposals_are_refused(make):
    masks = [dict(type='LoadAnnotations', with_bbox=True, with_mask=True)]
    with pytest.raises(
        ValueError, match='DenseCocoDataset must be used without with_mask'
    ):
        make(pipeline=masks)
    with pytest.raises(ValueError, match="without proposal_file.*but got 'p'"):
        make(proposal_file='p')
