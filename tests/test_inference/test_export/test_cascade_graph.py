"""The graph gives what mmdet gives."""

import numpy as np
import pytest
import torch
from mmdet.models.task_modules.coders import DeltaXYWHBBoxCoder
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from mmdet.utils import register_all_modules

from dense_scene.inference.export.cascade_graph import CascadeGraph, decode
from dense_scene.inference.export.sides import pad_image
from dense_scene.testing import random_boxes
from tests.tiny_two_stage import model_config

SIZES = [(96, 128), (100, 131), (70, 200), (150, 65)]


def build(stages=3, classes=1, **changes):
    """A tiny detector whose scores spread, so that NMS has work."""
    register_all_modules()
    cfg = model_config(stages)
    cfg.test_cfg.rcnn.update(score_thr=0.05, max_per_img=60)
    heads = cfg.roi_head.bbox_head
    for head in heads if isinstance(heads, list) else [heads]:
        head.num_classes = classes
        head.update(changes)
    torch.manual_seed(0)
    model = MODELS.build(cfg).eval()
    for name, tensor in model.state_dict().items():
        if 'fc_cls.weight' in name or 'fc_reg.weight' in name:
            tensor.normal_(std=0.3)
    return model


def images(count):
    random = np.random.default_rng(0)
    for number in range(count):
        size = SIZES[number % len(SIZES)]
        yield random.integers(0, 255, (*size, 3)).astype(np.uint8)


@torch.no_grad()
def by_mmdet(model, image):
    height, width = image.shape[:2]
    sample = DetDataSample(
        metainfo=dict(
            img_shape=(height, width),
            ori_shape=(height, width),
            scale_factor=(1.0, 1.0),
        )
    )
    pixels = torch.from_numpy(image.transpose(2, 0, 1).copy())
    batch = dict(inputs=[pixels], data_samples=[sample])
    return model.test_step(batch)[0].pred_instances.numpy()


def compare(wanted, found):
    """The same kept set: boxes to half a pixel, scores to a thousandth."""
    boxes, scores, labels = map(np.asarray, found)
    assert len(wanted.bboxes) == len(boxes)
    np.testing.assert_allclose(boxes, wanted.bboxes, atol=0.5)
    np.testing.assert_allclose(scores, wanted.scores, atol=1e-3)
    np.testing.assert_array_equal(labels, wanted.labels)


@pytest.mark.parametrize(
    'stages, classes, changes',
    [
        (3, 1, {}),
        (3, 3, {}),
        (3, 2, dict(reg_class_agnostic=False)),
        (1, 2, dict(reg_class_agnostic=False)),
        (3, 1, dict(type='DenseBBoxHead')),
    ],
)
def test_it_gives_what_mmdet_gives(stages, classes, changes):
    model = build(stages, classes, **changes)
    graph, total = CascadeGraph(model), 0
    for image in images(20):
        wanted = by_mmdet(model, image)
        with torch.no_grad():
            found = graph(*map(torch.from_numpy, pad_image(image)))
        compare(wanted, found)
        total += len(wanted.bboxes)
    assert total > 100


def test_no_box_above_the_threshold():
    model = build()
    model.test_cfg.rcnn.score_thr = 1.0
    inputs = map(torch.from_numpy, pad_image(next(images(1))))
    assert [len(part) for part in CascadeGraph(model)(*inputs)] == [0, 0, 0]


@pytest.mark.parametrize('count', [0, 1, 600])
def test_decode_is_that_of_the_coder(count, generator):
    coder = DeltaXYWHBBoxCoder(target_stds=(0.1, 0.1, 0.2, 0.2))
    boxes = random_boxes(count, (200, 100), generator)
    deltas = torch.randn(count, 4, generator=generator) * 20
    found = decode(coder, boxes, deltas, torch.tensor([100.0, 200.0]))
    wanted = coder.decode(boxes, deltas, max_shape=(100, 200))
    torch.testing.assert_close(found, wanted)


def test_what_is_computed_in_another_way_is_refused():
    with pytest.raises(ValueError, match='the bbox_head is of another kind'):
        CascadeGraph(build(type='SoftIoUBBoxHead'))
    model = build()
    model.test_cfg.rcnn.nms = dict(type='soft_nms', iou_threshold=0.5)
    with pytest.raises(ValueError, match='test_cfg.nms'):
        CascadeGraph(model)
    with pytest.raises(ValueError, match='the model is of another kind'):
        CascadeGraph(torch.nn.Linear(1, 1))
