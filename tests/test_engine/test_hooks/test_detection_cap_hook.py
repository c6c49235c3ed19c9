"""The limits of a model, as the metric hears of them."""

from types import SimpleNamespace

import pytest
from mmengine.config import ConfigDict
from mmengine.evaluator import Evaluator
from torch import nn

from dense_scene.engine.hooks.detection_cap_hook import (
    DetectionCapHook,
    find_model_caps,
)
from dense_scene.evaluation.dense_coco_metric import DenseCocoMetric


@pytest.mark.parametrize(
    'test_cfg, caps',
    [
        (None, {}),
        (dict(score_thr=0.05), {}),
        (dict(max_per_img=100), {'max_per_img': 100}),  # one-stage detectors
        (
            dict(rpn=dict(max_per_img=2000), rcnn=dict(max_per_img=400)),
            {'rpn.max_per_img': 2000, 'rcnn.max_per_img': 400},
        ),
        (
            dict(rpn=dict(max_per_img=2000), rcnn=None),
            {'rpn.max_per_img': 2000},
        ),
    ],
)
def test_find_model_caps(test_cfg, caps):
    assert find_model_caps(test_cfg and ConfigDict(test_cfg)) == caps


@pytest.mark.parametrize('wrapped', [False, True])
def test_hook_fills_in_every_metric(wrapped):
    model = nn.Module()
    model.test_cfg = dict(max_per_img=7)
    if wrapped:
        model = nn.DataParallel(model)
    loader = SimpleNamespace(dataset=None)
    one = Evaluator([DenseCocoMetric()])
    two = Evaluator([DenseCocoMetric(), DenseCocoMetric(prefix='b')])
    runner = SimpleNamespace(
        model=model,
        val_loop=SimpleNamespace(evaluator=one, dataloader=loader),
        test_loop=SimpleNamespace(evaluator=two, dataloader=loader),
    )
    hook = DetectionCapHook()
    hook.before_val(runner)
    hook.before_test(runner)
    metrics = one.metrics + two.metrics
    assert [metric.model_caps for metric in metrics] == [
        {'max_per_img': 7}
    ] * 3
