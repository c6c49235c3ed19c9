"""The tap sees what mmdet itself computes."""

import numpy as np
import pytest
import torch
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData
from torch import nn

from dense_scene.analysis.cascade.tap import CascadeTap
from tests.config_files import CONFIGS, load
from tests.tiny_two_stage import build_model

META = dict(
    img_shape=(64, 96), ori_shape=(128, 288), scale_factor=(1 / 3, 1 / 2)
)


def sample():
    one = DetDataSample(gt_instances=InstanceData(bboxes=torch.zeros(0, 4)))
    one.set_metainfo(META)
    return one


@pytest.fixture
def image(generator):
    return torch.rand(1, 3, 64, 96, generator=generator)


def model_of(num_stages):
    torch.manual_seed(0)
    model = build_model(num_stages).eval()
    # Deltas that can be told from none.
    heads = model.roi_head.bbox_head
    for head in heads if num_stages > 1 else [heads]:
        nn.init.normal_(head.fc_reg.weight, std=0.3)
    return model


@pytest.mark.parametrize(
    'where', ['cpu', pytest.param('gpu', marks=pytest.mark.gpu)]
)
@pytest.mark.parametrize('num_stages', [1, 3])
def test_the_last_boxes_are_the_model_s_own(num_stages, where, image, gpu):
    device = gpu if where == 'gpu' else where
    model, image = model_of(num_stages).to(device), image.to(device)
    # Without a test_cfg mmdet returns all decoded boxes, before NMS.
    model.roi_head.test_cfg = None
    tap = CascadeTap(model)
    with torch.no_grad():
        [result] = model(image, [sample()], mode='predict')
    boxes = tap.boxes(META)
    assert [part.shape for part in boxes] == (
        [(len(boxes[0]), 4)] * (num_stages + 1)
    )
    assert len(boxes[0]) == 40
    own = result.pred_instances.bboxes.cpu().numpy()
    np.testing.assert_allclose(boxes[-1], own, rtol=1e-4, atol=1e-3)
    for before, after in zip(boxes, boxes[1:]):
        assert np.abs(before - after).max() > 0.5
    # Pixels of the original image, beyond the 96 x 64 of the input.
    assert boxes[0].max() > 100
    # A second image does not see the first.
    with torch.no_grad():
        model(image.flip(3), [sample()], mode='predict')
    assert not np.array_equal(tap.boxes(META)[-1], boxes[-1])
    tap.remove()
    assert not any(m._forward_hooks for m in model.modules())


def test_no_proposals(image):
    model = model_of(3)
    model.test_cfg.rpn.min_bbox_size = 1000
    tap = CascadeTap(model)
    with torch.no_grad():
        model(image, [sample()], mode='predict')
    assert [part.shape for part in tap.boxes(META)] == [(0, 4)] * 4


def test_heads_of_two_boxes_are_refused():
    name = 'cascade-rcnn_r18-scratch_fpn_dense-proposal-emd_1xb4-3e_shelves.py'
    init_default_scope('mmdet')
    model = MODELS.build(load(CONFIGS / 'shelves' / name).model)
    with pytest.raises(ValueError, match='one box of a proposal.*makes 2'):
        CascadeTap(model)
    assert not any(m._forward_hooks for m in model.modules())


def test_other_models_are_refused():
    with pytest.raises(ValueError, match='two-stage detector .* got Linear'):
        CascadeTap(nn.Linear(1, 1))
