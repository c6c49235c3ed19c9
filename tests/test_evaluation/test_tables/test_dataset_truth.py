"""Ground truth from a data set: the same numbers, and no second reading."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.dataset import ConcatDataset, RepeatDataset
from mmengine.evaluator import Evaluator
from torch import nn
from torch.utils.data import Dataset, Subset

from dense_scene.datasets.coco.dense_coco_dataset import DenseCocoDataset
from dense_scene.engine.hooks.detection_cap_hook import DetectionCapHook
from dense_scene.evaluation.dense_coco_metric import DenseCocoMetric
from dense_scene.evaluation.tables.dataset_truth import read_dataset
from dense_scene.evaluation.tables.ground_truth import GroundTruth
from tests.test_evaluation.scenes import random_scene


def scene(whole_pixels=True, **settings):
    """A scene whose boxes are whole pixels, as float32 holds them, or not."""
    truth, found = random_scene(0, num_classes=3, **settings)
    for item in truth['annotations']:
        if whole_pixels:
            item['bbox'] = np.round(item['bbox']).tolist()
            item['area'] = item['bbox'][2] * item['bbox'][3]
    return truth, found


def dataset_of(folder, truth, name='truth.json', **settings):
    (folder / name).write_text(json.dumps(truth))
    return DenseCocoDataset(
        ann_file=str(folder / name), test_mode=True, pipeline=[], **settings
    )


def samples(dataset, found):
    """What a model gives, with the data set's own instances beside it."""
    for place in range(len(dataset)):
        info = dataset.get_data_info(place)
        own = [item for item in found if item['image_id'] == info['img_id']]
        boxes = torch.tensor([item['bbox'] for item in own]).reshape(-1, 4)
        boxes[:, 2:] += boxes[:, :2]
        yield dict(
            img_id=info['img_id'],
            ori_shape=(info['height'], info['width']),
            instances=info['instances'],
            pred_instances=dict(
                bboxes=boxes,
                scores=torch.tensor([item['score'] for item in own]),
                labels=torch.tensor(
                    [item['category_id'] // 3 for item in own],
                    dtype=torch.long,
                ),  # categories are 2, 5 and 8
            ),
        )


def evaluate(metric, items, dataset, handed=None):
    """As a test loop does; ``handed`` reaches the metric by the hook."""
    evaluator = Evaluator(metric)
    evaluator.dataset_meta = dataset.metainfo
    loop = SimpleNamespace(
        evaluator=evaluator, dataloader=SimpleNamespace(dataset=handed)
    )
    runner = SimpleNamespace(model=nn.Module(), test_loop=loop)
    DetectionCapHook().before_test(runner)
    for item in items:
        metric.process({}, [item])
    return metric.evaluate(len(items))


def without_instances(items):
    return [{k: v for k, v in i.items() if k != 'instances'} for i in items]


@pytest.fixture
def no_file(monkeypatch):
    """Fails where a COCO file is read for the metric."""

    def refuse(*args):
        raise AssertionError(f'{args} was read again')

    monkeypatch.setattr(GroundTruth, 'from_coco', refuse)


@pytest.mark.parametrize('whole_pixels', [True, False])
def test_equals_instances_to_the_last_bit(tmp_path, whole_pixels, no_file):
    truth, found = scene(whole_pixels)
    dataset = dataset_of(tmp_path, truth)
    items = list(samples(dataset, found))
    theirs = evaluate(DenseCocoMetric(classwise=True), items, dataset)
    ours = evaluate(
        DenseCocoMetric(classwise=True),
        without_instances(items),
        dataset,
        dataset,
    )
    assert ours == theirs and 0 < ours['coco/bbox_mAP_at100'] < 1


def test_its_own_file_is_not_read_again(tmp_path, no_file, monkeypatch):
    truth, found = scene()
    dataset = dataset_of(tmp_path, truth)
    assert dataset.lossless
    items = without_instances(samples(dataset, found))
    same = f'{tmp_path}//truth.json'
    ours = evaluate(DenseCocoMetric(same), items, dataset, dataset)
    monkeypatch.undo()
    assert ours == evaluate(DenseCocoMetric(same), items, dataset)


@pytest.mark.parametrize(
    'change',
    [
        dict(bbox=[0.1, 0, 40, 40], area=1600),  # no float32 is 0.1
        dict(area=7),
        dict(ignore=1),
        dict(bbox=[600, 0, 40, 40], area=1600),  # outside of its image
    ],
)
def test_a_file_that_says_more_is_read(tmp_path, change):
    truth, found = scene(crowd=0)
    truth['annotations'][0].update(change)
    dataset = dataset_of(tmp_path, truth)
    assert not dataset.lossless
    items = without_instances(samples(dataset, found))
    path = str(tmp_path / 'truth.json')
    ours = evaluate(DenseCocoMetric(path), items, dataset, dataset)
    assert ours == evaluate(DenseCocoMetric(path), items, dataset)
    assert read_dataset(dataset, ann_file=path) is None


def test_another_file_is_used(tmp_path):
    truth, found = scene(crowd=0)
    dataset = dataset_of(tmp_path, truth)
    half = dict(truth, annotations=truth['annotations'][::2])
    dataset_of(tmp_path, half, 'half.json')
    items = without_instances(samples(dataset, found))
    path = str(tmp_path / 'half.json')
    ours = evaluate(DenseCocoMetric(path), items, dataset, dataset)
    assert ours == evaluate(DenseCocoMetric(path), items, dataset)
    assert ours != evaluate(DenseCocoMetric(), items, dataset, dataset)


def test_wrappers_and_parts(tmp_path):
    truth, _ = scene(num_images=5)
    dataset = dataset_of(tmp_path, truth)
    whole = read_dataset(dataset)
    # The images of the scene, in two files.
    parts = []
    for number, images in enumerate(
        (truth['images'][:2], truth['images'][2:])
    ):
        ids = [image['id'] for image in images]
        own = [a for a in truth['annotations'] if a['image_id'] in ids]
        part = dict(truth, images=images, annotations=own)
        parts.append(dataset_of(tmp_path, part, f'{number}.json'))
    joined = ConcatDataset(parts)
    for other in (joined, RepeatDataset(dataset, 1), Subset(dataset, [0])):
        again = read_dataset(other)
        for name in ('image_ids', 'boxes', 'labels', 'iscrowd', 'areas'):
            ours, theirs = getattr(again, name), getattr(whole, name)
            assert ours.tolist() == theirs.tolist(), name
        assert again.file_names == whole.file_names
    # One file of two is not both.
    assert read_dataset(joined, ann_file=parts[0].ann_file) is None


def test_other_data_sets_have_no_columns(tmp_path):
    dataset = dataset_of(tmp_path, scene()[0])
    assert read_dataset(Dataset()) is None
    mixed = SimpleNamespace(datasets=[dataset, Dataset()])
    assert read_dataset(mixed) is None


def test_labels_are_matched_by_name(tmp_path):
    dataset = dataset_of(tmp_path, scene()[0])
    own = read_dataset(dataset)
    order = ('class 2', 'new', 'class 0', 'class 1')
    other = read_dataset(dataset, order)
    assert other.classes == order
    names = [
        [truth.classes[n] for n in truth.labels] for truth in (own, other)
    ]
    assert names[0] == names[1]
    with pytest.raises(ValueError, match=r"lack \['class 1'"):
        read_dataset(dataset, ('class 0',))


def test_a_new_data_set_replaces_the_old_one(tmp_path):
    truth, found = scene()
    metric = DenseCocoMetric()
    first = dataset_of(tmp_path, truth)
    part = dataset_of(tmp_path, truth, indices=2)
    for dataset in (first, part, first):
        items = without_instances(samples(dataset, found))
        ours = evaluate(metric, items, dataset, dataset)
        assert ours == evaluate(DenseCocoMetric(), items, dataset, dataset)
