"""What DenseCocoMetric stores."""

import errno
import hashlib
import json
import os
from types import SimpleNamespace

import mmdet
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.evaluator import Evaluator
from torch import nn

from dense_scene.engine.hooks.detection_cap_hook import (
    DetectionCapHook,
    describe_run,
)
from dense_scene.evaluation.dense_coco_metric import DenseCocoMetric
from dense_scene.evaluation.stored.detection_file import (
    describe_file,
    load_detections,
)
from dense_scene.evaluation.stored.reevaluate import evaluate_detections
from tests.test_evaluation.scenes import random_scene


def samples(truth, found):
    """The scene as a model and its data set would give it."""
    labels = {item['id']: n for n, item in enumerate(truth['categories'])}
    for image in truth['images']:
        own = [item for item in found if item['image_id'] == image['id']]
        boxes = torch.tensor([item['bbox'] for item in own]).reshape(-1, 4)
        boxes[:, 2:] += boxes[:, :2]
        yield dict(
            img_id=image['id'],
            ori_shape=(400, 500),
            pred_instances=dict(
                bboxes=boxes,
                scores=torch.tensor([item['score'] for item in own]),
                labels=torch.tensor(
                    [labels[item['category_id']] for item in own],
                    dtype=torch.long,
                ),
            ),
        )


@pytest.fixture
def files(tmp_path):
    truth, found = random_scene(0)
    ann_file = tmp_path / 'truth.json'
    ann_file.write_text(json.dumps(truth))
    return truth, found, str(ann_file), str(tmp_path / 'out/found.npz')


def test_evaluating_the_file_gives_what_the_metric_gave(files):
    truth, found, ann_file, path = files
    metric = DenseCocoMetric(ann_file, detection_file=path)
    metric.dataset_meta = dict(classes=['class 0', 'class 1'])
    # One image is not evaluated: it must not count later either.
    items = list(samples(truth, found))[:-1]
    items[1]['pred_instances']['bboxes'][0, 0] = np.nan
    metric.process({}, items)
    ours = metric.evaluate(len(items))
    (again,) = evaluate_detections(path, ann_file)
    for key, value in ours.items():
        assert again[key.removeprefix('coco/')] == value, key
    assert ours['coco/nan_boxes'] == 1 and ours['coco/bbox_mAP_at100'] > 0.01

    store = load_detections(path)
    assert sorted(store.image_ids) == sorted(i['img_id'] for i in items)
    with open(ann_file, 'rb') as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    assert store.meta == dict(
        classes=['class 0', 'class 1'],
        max_dets=[100, 300],
        model_caps={},
        ann_file=ann_file,
        ann_file_sha256=digest,
    )


def test_hook_tells_where_detections_come_from(files, tmp_path):
    truth, found, ann_file, path = files
    checkpoint = tmp_path / 'epoch_1.pth'
    checkpoint.write_bytes(b'weights')
    metric = DenseCocoMetric(ann_file, detection_file=path)
    other = DenseCocoMetric(ann_file)
    loop = SimpleNamespace(
        evaluator=Evaluator([metric, other]),
        dataloader=SimpleNamespace(
            dataset=SimpleNamespace(ann_file=ann_file, manifest='test.txt')
        ),
    )
    runner = SimpleNamespace(
        model=nn.Module(),
        cfg=Config(dict(seed=3, load_from=str(checkpoint))),
        test_loop=loop,
        val_loop=loop,
    )
    DetectionCapHook().before_test(runner)
    assert other.run_info == {}
    metric.dataset_meta = dict(classes=['class 0', 'class 1'])
    metric.process({}, list(samples(truth, found)))
    metric.evaluate(len(truth['images']))
    meta = load_detections(path).meta
    assert 'seed = 3' in meta['config']
    assert meta['manifest'] == 'test.txt'
    assert meta['versions']['mmdet'] == mmdet.__version__
    assert meta['checkpoint_sha256'] == hashlib.sha256(b'weights').hexdigest()
    # What training began from is not what its validation evaluates.
    assert 'checkpoint' not in describe_run(runner, 'val')


def test_files_that_are_not_here_are_named_only():
    assert describe_file('checkpoint', 'https://a.b/c.pth') == {
        'checkpoint': 'https://a.b/c.pth'
    }
    assert describe_file('manifest', None) == {}


def test_bad_ending_shows_before_the_evaluation():
    with pytest.raises(ValueError, match='must end with .npz'):
        DenseCocoMetric(detection_file='found.json')


def test_a_place_that_cannot_be_written_is_said_before_the_test(tmp_path):
    (tmp_path / 'file').touch()
    for name in ('detection_file', 'density_file'):
        with pytest.raises(ValueError, match=f'{name} must be a file that'):
            DenseCocoMetric(**{name: str(tmp_path / 'file/found.npz')})


def test_results_stand_if_their_files_cannot_be_written(
    files, monkeypatch, caplog
):
    """The disk fills up while the test runs."""
    truth, found, ann_file, path = files
    density = path.replace('.npz', '.json')
    metric = DenseCocoMetric(
        ann_file, detection_file=path, density_file=density
    )
    metric.dataset_meta = dict(classes=['class 0', 'class 1'])
    metric.process({}, list(samples(truth, found)))

    def is_full(*args, **kwargs):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    said = []
    monkeypatch.setattr(os, 'replace', is_full)
    monkeypatch.setattr(metric, '_log', lambda text, *level: said.append(text))
    result = metric.evaluate(len(truth['images']))
    assert result['coco/bbox_mAP_at300'] > 0
    for name in (path, density):
        (line,) = [line for line in said if line.startswith(name)]
        assert 'not written: No space left on device' in line
    assert not os.listdir(os.path.dirname(path))
