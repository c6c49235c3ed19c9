"""The limits of a model, as the metric hears of them."""

from types import SimpleNamespace

import pytest
from mmdet.models import DetTTAModel
from mmengine.config import ConfigDict
from mmengine.evaluator import Evaluator
from mmengine.model import BaseModel
from torch import nn

from dense_scene.engine.hooks.detection_cap_hook import (
    DetectionCapHook,
    find_model_caps,
)
from dense_scene.evaluation.dense_coco_metric import DenseCocoMetric


class Detector(BaseModel):
    def forward(self, inputs, data_samples=None, mode='tensor'):
        raise NotImplementedError


def detector(test_cfg):
    model = Detector()
    model.test_cfg = test_cfg and ConfigDict(test_cfg)
    return model


@pytest.mark.parametrize(
    'test_cfg, caps',
    [
        (None, {}),
        (dict(score_thr=0.05), {}),
        # one-stage detectors
        (dict(max_per_img=100), {'test_cfg.max_per_img': 100}),
        (
            dict(rpn=dict(max_per_img=2000), rcnn=dict(max_per_img=400)),
            {
                'test_cfg.rpn.max_per_img': 2000,
                'test_cfg.rcnn.max_per_img': 400,
            },
        ),
        (
            dict(rpn=dict(max_per_img=2000), rcnn=None),
            {'test_cfg.rpn.max_per_img': 2000},
        ),
    ],
)
def test_find_model_caps(test_cfg, caps):
    model = detector(test_cfg)
    assert find_model_caps(model) == caps
    assert find_model_caps(nn.DataParallel(model)) == caps


def test_caps_of_test_time_augmentation():
    tta_cfg = dict(nms=dict(type='nms', iou_threshold=0.5), max_per_img=100)
    inner = detector(dict(max_per_img=400))
    model = DetTTAModel(module=inner, tta_cfg=tta_cfg)
    expected = {'tta_cfg.max_per_img': 100, 'test_cfg.max_per_img': 400}
    assert find_model_caps(model) == expected
    assert find_model_caps(nn.DataParallel(model)) == expected


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
        {'test_cfg.max_per_img': 7}
    ] * 3
