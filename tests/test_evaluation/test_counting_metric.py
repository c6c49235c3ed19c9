"""CountingMetric, and DenseCocoMetric that counts."""

import copy
from types import SimpleNamespace

import pytest
import torch
from mmdet.registry import METRICS
from mmdet.structures import DetDataSample
from mmengine.evaluator import Evaluator
from mmengine.structures import InstanceData

from dense_scene.datasets.coco.dense_coco_dataset import DenseCocoDataset
from dense_scene.engine.hooks.detection_cap_hook import DetectionCapHook
from dense_scene.evaluation.counting_metric import CountingMetric

from .test_dense_coco_metric import CLASSES, run, sample, write_coco


def count(samples, **settings):
    return run(samples, CountingMetric(**settings))


def true_counts(item):
    """Objects that are no crowd, per class."""
    labels = [
        instance['bbox_label']
        for instance in item['instances']
        if not instance['ignore_flag']
    ]
    return [labels.count(label) for label in range(len(CLASSES))]


def test_equals_counting_one_by_one(generator):
    samples = [sample(n, generator, 30 + n, 60) for n in (4, 2, 9)]
    errors = []
    for item in samples:
        # 0.3 itself, of which there are some, is not above 0.3.
        found = (item['pred_instances']['scores'] > 0.3).sum().item()
        errors.append(abs(found - sum(true_counts(item))))
    values = count(samples, score_thr=0.3, classwise=True)
    assert values['count/MAE_at0.3'] == pytest.approx(sum(errors) / 3)
    assert values['count/oracle_MAE'] <= values['count/MAE_at0.3']
    assert 'count/can_oracle_AC' in values


def test_every_source_of_the_ground_truth_counts_alike(generator, tmp_path):
    samples = [sample(n, generator, 40, 60) for n in range(3)]
    expected = count(samples, classwise=True)
    ann_file = write_coco(tmp_path / 'truth.json', samples)
    packed = copy.deepcopy(samples)
    for item in packed:
        labels = [
            instance['bbox_label']
            for instance in item.pop('instances')
            if not instance['ignore_flag']
        ]
        item['gt_instances'] = dict(labels=torch.tensor(labels))
    assert count(packed, classwise=True) == expected
    assert count(packed, classwise=True, ann_file=ann_file) == expected
    expected = count(samples, classwise=True, score_thr=0.3)
    beside = run(samples, count=True, classwise=True, score_thr=0.3)
    for name, value in expected.items():
        assert beside[name.replace('count/', 'coco/count_')] == value
    assert not [name for name in run(samples) if 'count' in name]


def test_no_object_and_no_detection(generator, tmp_path):
    nothing = sample(0, generator, 0, 0)
    values = count([nothing])
    ann_file = write_coco(tmp_path / 'truth.json', [nothing])
    assert count([nothing], ann_file=ann_file) == values
    assert values['count/MAE_at0.5'] == 0 and values['count/AC_at0.5'] == -1
    missed = sample(1, generator, 10, 0)
    values = count([nothing, missed])
    wanted = sum(true_counts(missed))
    assert values['count/MAE_at0.5'] == wanted / 2
    assert values['count/MRE_at0.5'] == 1 and values['count/AC_at0.5'] == 0


def test_as_mmengine_runs_it():
    item = DetDataSample(metainfo=dict(img_id=3, ori_shape=(9, 9)))
    item.gt_instances = InstanceData(labels=torch.tensor([0, 0]))
    item.ignored_instances = InstanceData(labels=torch.tensor([0]))
    item.pred_instances = InstanceData(
        labels=torch.tensor([0, 0]),
        scores=torch.tensor([0.9, 0.2], dtype=torch.bfloat16),
    )
    evaluator = Evaluator(dict(type='mmdet.CountingMetric'))
    assert METRICS.get('CountingMetric') is CountingMetric
    evaluator.dataset_meta = dict(classes=('object',))
    evaluator.process([item])
    values = evaluator.evaluate(1)
    assert values['count/MAE_at0.5'] == 1 and values['count/AC_at0.5'] == 0.5
    assert values['count/oracle_MAE'] == 0


def test_what_cannot_be_counted_is_refused(generator, tmp_path):
    item = sample(0, generator, 3, 3)
    with pytest.raises(ValueError, match='every image once'):
        count([item, item])
    ann_file = write_coco(tmp_path / 'truth.json', [item])
    with pytest.raises(ValueError, match='lacks 1 of 1'):
        count([sample(7, generator, 3, 3)], ann_file=ann_file)
    del item['instances']
    with pytest.raises(ValueError, match='add LoadAnnotations'):
        count([item])
    with pytest.raises(ValueError, match=r'score_thr must be a number in'):
        CountingMetric(score_thr=1.5)


def test_the_hook_hands_over_the_data_set(generator, tmp_path):
    samples = [sample(n, generator, 20, 30) for n in range(2)]
    expected = count(samples)
    ann_file = write_coco(tmp_path / 'truth.json', samples)
    dataset = DenseCocoDataset(ann_file=ann_file, test_mode=True, pipeline=[])
    evaluator = Evaluator(CountingMetric())
    loop = SimpleNamespace(
        evaluator=evaluator, dataloader=SimpleNamespace(dataset=dataset)
    )
    DetectionCapHook().before_val(
        SimpleNamespace(model=torch.nn.Module(), val_loop=loop)
    )
    for item in samples:
        del item['instances']
    assert run(samples, evaluator.metrics[0]) == expected
