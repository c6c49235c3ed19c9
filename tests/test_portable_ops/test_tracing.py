"""A traced operator answers for other inputs, not with the example's."""

import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.analysis import get_model_complexity_info
from torch import nn

from tests.test_portable_ops.inputs import make_dense_boxes, make_rois

ops = pytest.importorskip('mmcv.ops')
attention = pytest.importorskip('mmcv.ops.multi_scale_deform_attn')


def build_model(num_stages):
    # Here, since `make parity` reads this file without dense_scene.
    from tests.tiny_two_stage import build_model

    return build_model(num_stages)


class Call(nn.Module):
    """torch.export takes modules."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, *inputs):
        return self.function(*inputs)


def pooled(**settings):
    def inputs(generator):
        maps = torch.randn(2, 4, 20, 30, generator=generator)
        return maps, make_rois(6, generator)

    return lambda m, r: ops.roi_align(m, r, (7, 7), 0.25, **settings), inputs


def boxes_and_scores(generator):
    boxes = make_dense_boxes(40, generator)
    return boxes, torch.rand(40, generator=generator)


def maps_and_offsets(generator):
    return [
        torch.randn(*size, generator=generator)
        for size in ((2, 4, 9, 9), (2, 18, 9, 9), (6, 4, 3, 3))
    ]


def attended(value, where, weights):
    shapes = torch.tensor([[4, 5], [2, 3]])
    function = attention.MultiScaleDeformableAttnFunction
    return function.apply(value, shapes, shapes[:, 0], where, weights, 64)


def attention_inputs(generator):
    size = (2, 7, 3, 2, 4)
    return [
        torch.rand(*size, generator=generator)
        for size in ((2, 26, 3, 4), (*size, 2), size)
    ]


def rotated(boxes, scores):
    center = (boxes[:, :2] + boxes[:, 2:]) / 2
    size = boxes[:, 2:] - boxes[:, :2]
    boxes = torch.cat([center, size, scores[:, None]], 1)
    return ops.nms_rotated(boxes, scores, 0.3)[1]


def classes_apart(boxes, scores):
    labels = (scores * 3).long()
    setting = dict(type='nms', iou_threshold=0.5)
    return ops.batched_nms(boxes, scores, labels, setting)[1]


OPERATORS = {
    'roi_align': pooled(sampling_ratio=2),
    'roi_align at ratio 0': pooled(sampling_ratio=0),
    'roi_align, max': pooled(sampling_ratio=2, pool_mode='max'),
    'roi_pool': (lambda m, r: ops.roi_pool(m, r, (3, 3), 0.25), pooled()[1]),
    'deform_roi_pool': (
        lambda m, r: ops.deform_roi_pool(m, r, None, (3, 3), 0.25),
        pooled()[1],
    ),
    'nms': (lambda b, s: ops.nms(b, s, 0.5)[1], boxes_and_scores),
    'soft_nms': (lambda b, s: ops.soft_nms(b, s, 0.5)[0], boxes_and_scores),
    'batched_nms': (classes_apart, boxes_and_scores),
    'nms_rotated': (rotated, boxes_and_scores),
    'deform_conv': (
        lambda m, o, w: ops.deform_conv2d(m, o, w, 1, 1, 1),
        maps_and_offsets,
    ),
    'ms_deform_attn': (attended, attention_inputs),
}


@pytest.mark.parametrize('name', OPERATORS)
def test_a_trace_follows_its_inputs(name):
    function, make = OPERATORS[name]
    first, second = (
        make(torch.Generator().manual_seed(seed)) for seed in (0, 1)
    )
    with torch.no_grad():
        traced = torch.jit.trace(function, tuple(first), check_trace=False)
        found, expected = traced(*second), function(*second)
    # The one that was traced is another.
    other = function(*first)
    assert other.shape != expected.shape or not torch.equal(other, expected)
    torch.testing.assert_close(found, expected)


# What mmcv itself does before it calls a compiled operator decides on the
# values of tensors, and stops the export of the rest.
@pytest.mark.parametrize(
    'name',
    [
        'roi_align',
        'roi_align at ratio 0',
        'roi_align, max',
        'roi_pool',
        'deform_roi_pool',
        'deform_conv',
        'ms_deform_attn',
    ],
)
def test_an_exported_program_follows_its_inputs(name):
    function, make = OPERATORS[name]
    first, second = (
        tuple(make(torch.Generator().manual_seed(seed))) for seed in (0, 1)
    )
    program = torch.export.export(Call(function), first, strict=False)
    found = program.module()(*second)
    torch.testing.assert_close(found, function(*second))


def groups(dets):
    return torch.cat(ops.nms_match(dets, 0.5))


def test_groups_are_refused_in_a_trace_and_follow_a_compiled_call():
    """The trace would keep the example's, without a word."""
    first, second = (
        torch.column_stack(boxes_and_scores(torch.Generator().manual_seed(i)))
        for i in (0, 1)
    )
    assert not torch.equal(groups(first), groups(second))
    with pytest.raises(RuntimeError, match='nms_match.*outside of torch.jit'):
        torch.jit.trace(groups, (first,), check_trace=False)
    with pytest.raises(Exception, match='nms_match.*torch.export|numpy'):
        torch.export.export(Call(groups), (first,), strict=False)
    compiled = torch.compile(groups, backend='eager')
    for dets in (first, second):
        assert torch.equal(compiled(dets), groups(dets))


@pytest.mark.parametrize('num_stages', [1, 3])
def test_get_flops_of_a_two_stage_detector(num_stages):
    """As mmdet's tools/analysis_tools/get_flops.py: a trace of it all."""
    model = build_model(num_stages).eval()
    sample = DetDataSample(
        metainfo=dict(img_shape=(64, 96), scale_factor=(1.0, 1.0))
    )
    model.forward = lambda image: model._forward(image, [sample])
    counted = get_model_complexity_info(
        model, None, inputs=(torch.zeros(1, 3, 64, 96),), show_table=False
    )
    assert counted['flops'] > 1e6


class Detect(nn.Module):
    """From pixels to boxes and scores, of one image."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.model = build_model(3).eval().requires_grad_(False)

    def forward(self, image):
        size = (64, 96)
        sample = DetDataSample(
            metainfo=dict(img_shape=size, ori_shape=size, scale_factor=(1, 1))
        )
        [result] = self.model.predict(image, [sample], rescale=False)
        return result.pred_instances.bboxes, result.pred_instances.scores


def test_a_traced_detector_finds_what_it_finds():
    detect = Detect()
    first, second = torch.rand(2, 1, 3, 64, 96).unbind()
    traced = torch.jit.trace(detect, (first,), check_trace=False)
    for ours, expected in zip(traced(second), detect(second)):
        torch.testing.assert_close(ours, expected)
