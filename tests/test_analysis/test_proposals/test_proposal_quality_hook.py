"""A real training and test run with the hook and the metric."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmdet.models.task_modules.samplers import RandomSampler
from mmdet.registry import HOOKS, METRICS, TASK_UTILS
from mmengine.hooks import Hook

from dense_scene.analysis.proposals.quality import measure_proposals
from tests.tiny_two_stage import build_runner, model_config

CAPS = (100, 300, 1000, 2000)
STAGE_KEYS = ('mean_iou', 'positives_per_object', 'objects_without_positive')


def scalars(runner):
    path = Path(runner.log_dir) / 'vis_data' / 'scalars.json'
    return [json.loads(line) for line in path.read_text().splitlines()]


def counts(runner, name):
    return json.loads((Path(runner.log_dir) / f'{name}.json').read_text())


class Spy(Hook):
    """Keep what the loops hand to hooks."""

    priority = 'LOWEST'

    def __init__(self):
        self.losses = []

    def after_train_iter(self, runner, batch_idx, data_batch, outputs):
        self.losses.append({k: v.item() for k, v in outputs.items()})


@pytest.mark.parametrize('num_stages', [1, 3])
def test_train_val_and_test(num_stages, tmp_path):
    runner = build_runner(tmp_path, num_stages, epochs=2)
    runner.train()
    extractors = runner.model.roi_head.bbox_roi_extractor
    rois, handles = [], []
    for extractor in extractors if num_stages > 1 else [extractors]:
        handles.append(
            extractor.register_forward_hook(
                lambda _, args, output: rois.append(args[1].numpy())
            )
        )
    metrics = runner.test()
    for handle in handles:
        handle.remove()

    expected = [f'AR_at{cap}' for cap in CAPS] + ['proposals_per_image']
    stages = range(1, num_stages + 1)
    expected += [f'stage{s}_{key}' for key in STAGE_KEYS for s in stages]
    assert list(metrics) == [f'proposal/{key}' for key in expected]

    rows = scalars(runner)
    for prefix in ('train_proposal', 'proposal'):
        keys = [f'{prefix}/{key}' for key in expected]
        logged = [row for row in rows if keys[0] in row]
        assert [row['step'] for row in logged] == [1, 2]
        assert all(set(keys) <= set(row) for row in logged)

    names = [
        f'proposal_quality_{s}_{i}'
        for s, i in (
            ('train', 1),
            ('train', 2),
            ('val', 1),
            ('val', 2),
            ('test', 2),
        )
    ]
    folder = Path(runner.log_dir)
    assert sorted(p.stem for p in folder.glob('proposal_*.json')) == (
        sorted(names)
    )
    for name in names:
        picture = cv2.imread(str(folder / f'{name}.png'))
        shown = folder / 'vis_data' / 'vis_image' / f'{name}.png'
        assert np.array_equal(picture, cv2.imread(str(shown)))
        assert counts(runner, name)['objects'] == 12

    # The model is as it was.
    assert not any(m._forward_hooks for m in runner.model.modules())
    ann_file = tmp_path / 'data/annotations.json'
    _check_metric_in_the_original_frame(runner, rois, ann_file)


def _check_metric_in_the_original_frame(runner, rois, ann_file):
    """The numbers, from the boxes that the stages got and the annotations."""
    content = json.loads(ann_file.read_text())
    measured = []
    for image in range(2):
        xywh = [
            a['bbox']
            for a in content['annotations']
            if a['image_id'] == image + 1
        ]
        objects = np.array(xywh, float)
        objects[:, 2:] += objects[:, :2]
        # Of 96 x 64 pixels, resized to 120 x 96.
        scale = [120 / 96, 96 / 64] * 2
        boxes = [part[part[:, 0] == image, 1:] / scale for part in rois]
        assert boxes[0][:, 2:].max() > 64
        measured.append(
            measure_proposals(objects, boxes[0], boxes, (0.5, 0.6, 0.7), CAPS)
        )
    saved = counts(runner, 'proposal_quality_test_2')
    for field in ('recalled', 'iou_histogram', 'positives_histogram'):
        total = sum(getattr(one, field) for one in measured)
        assert saved[field] == total.tolist()
    assert sum(map(sum, saved['iou_histogram'])) == sum(map(len, rois))


@TASK_UTILS.register_module()
class NotingSampler(RandomSampler):
    """RandomSampler that notes the positives of every object."""

    noted: list = []

    def sample(self, *args, **kwargs):
        result = super().sample(*args, **kwargs)
        positives = torch.bincount(
            result.pos_assigned_gt_inds, minlength=result.num_gts
        )
        copies = int(result.pos_is_gt.sum())
        self.noted.append((positives.tolist(), copies, len(result.priors)))
        return result


def test_positives_are_those_of_the_sampler(tmp_path):
    model = model_config(3)
    for stage in model.train_cfg.rcnn:
        # At most 4 positives for the 6 objects of an image: what the paper
        # says happens, 128 positives for 147 objects.
        stage.sampler.update(type='NotingSampler', num=16, pos_fraction=0.25)
    NotingSampler.noted.clear()
    runner = build_runner(
        tmp_path,
        model=model,
        val_cfg=None,
        val_dataloader=None,
        val_evaluator=None,
    )
    runner.train()
    saved = counts(runner, 'proposal_quality_train_1')
    assert len(NotingSampler.noted) == 6
    for stage in range(3):
        noted = NotingSampler.noted[2 * stage : 2 * stage + 2]
        per_object = noted[0][0] + noted[1][0]
        expected = np.bincount(per_object, minlength=17).tolist()
        assert saved['positives_histogram'][stage] == expected
        assert saved['copies'][stage] == noted[0][1] + noted[1][1]
        assert saved['inputs'][stage] == noted[0][2] + noted[1][2]
        assert sum(per_object) <= 8
        assert expected[0] >= 4


def test_training_is_the_same_with_and_without(tmp_path):
    losses = []
    for name, hooks in (
        ('with', [dict(type='ProposalQualityHook', interval=1)]),
        ('without', []),
    ):
        runner = build_runner(
            tmp_path / name,
            2,
            epochs=2,
            custom_hooks=hooks,
            val_cfg=None,
            val_dataloader=None,
            val_evaluator=None,
        )
        spy = Spy()
        runner.register_hook(spy)
        runner.train()
        losses.append(spy.losses)
    assert losses[0] == losses[1]
    assert len(losses[0]) == 2


def test_interval_and_no_metric(tmp_path):
    # Iteration 2 of 3 is measured; there is no metric to record for.
    runner = build_runner(
        tmp_path,
        1,
        epochs=3,
        custom_hooks=[dict(type='ProposalQualityHook', interval=2)],
        val_cfg=None,
        val_dataloader=None,
        val_evaluator=None,
        test_evaluator=dict(
            type='CocoMetric',
            ann_file=str(tmp_path / 'data' / 'annotations.json'),
        ),
    )
    runner.train()
    runner.test()
    steps = [
        row['step']
        for row in scalars(runner)
        if 'train_proposal/AR_at100' in row
    ]
    assert steps == [2]
    found = Path(runner.log_dir).glob('proposal_*.json')
    assert [path.name for path in found] == ['proposal_quality_train_2.json']


@pytest.mark.parametrize('interval', [0, -5, 1.5, True, '10'])
def test_interval_is_checked(interval):
    with pytest.raises(ValueError, match='interval must be a positive'):
        HOOKS.build(dict(type='ProposalQualityHook', interval=interval))


@pytest.mark.parametrize('bad', [(), (0,), (100, -1), (1.5,), (True,)])
def test_caps_are_checked(bad):
    for registry, kind in ((HOOKS, 'Hook'), (METRICS, 'Metric')):
        with pytest.raises(ValueError, match='proposal_nums must be'):
            registry.build(
                dict(type=f'ProposalQuality{kind}', proposal_nums=bad)
            )


@pytest.mark.gpu
def test_hooks_and_metrics_on_a_gpu(tmp_path, monkeypatch):
    """With the other hooks and metrics that see a model's tensors."""
    monkeypatch.setattr('mmengine.runner.runner.get_device', lambda: 'cuda')
    ann_file = str(tmp_path / 'data/annotations.json')
    runner = build_runner(
        tmp_path,
        num_stages=1,
        custom_hooks=[
            dict(type='ProposalQualityHook', interval=1),
            dict(type='DetectionCapHook'),
            dict(type='EMAHook'),
        ],
        test_evaluator=[
            dict(type='ProposalQualityMetric'),
            dict(type='DenseCocoMetric', ann_file=ann_file),
            dict(type='CountingMetric'),
        ],
    )
    runner.train()
    assert all(p.is_cuda for p in runner.model.parameters())
    metrics = runner.test()
    assert {'proposal/AR_at100', 'coco/bbox_mAP_at300'} <= set(metrics)
    assert any(name.startswith('count/') for name in metrics)
