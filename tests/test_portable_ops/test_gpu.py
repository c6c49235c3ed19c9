"""CUDA gives what the CPU gives, with torchvision's kernels and without.

Where an answer jumps (who suppresses whom, which sample is largest), inputs
keep a distance from the jump that rounding does not bridge: whole pixels,
scores that differ.
"""

import pytest
import torch
from torch import nn

import portable_ops
from portable_ops import torchvision_kernels as kernels
from tests.test_portable_ops.inputs import (
    EDGE_ROIS,
    make_dense_boxes,
    make_rois,
    relative_error,
)

# Without them mmcv's own functions, which these tests call, cannot be had.
ops = pytest.importorskip('mmcv.ops')
attention = pytest.importorskip('mmcv.ops.multi_scale_deform_attn')
sync_bn = pytest.importorskip('mmcv.ops.sync_bn')

pytestmark = pytest.mark.gpu


@pytest.fixture(params=['as installed', 'without torchvision'])
def cuda(request, monkeypatch, gpu):
    if request.param == 'without torchvision':
        monkeypatch.setattr(kernels, '_working_kernels', lambda device: None)
    return gpu


def distinct_scores(num, generator):
    """Of 5,000 random floats two may well be equal."""
    return (torch.randperm(num, generator=generator) + 1) / (num + 1)


def whole_boxes(num, generator):
    """Areas are exact, however a kernel adds and multiplies."""
    return make_dense_boxes(num, generator).round()


def rotated_boxes(num, generator):
    rows = torch.rand(num, 5, generator=generator)
    scale = torch.tensor([100, 100, 30, 30, 3.0])
    return rows * scale + torch.tensor([0, 0, 5, 5, -1.5])


@pytest.mark.parametrize('offset', [0, 1])
@pytest.mark.parametrize('num', [0, 1, 600, 5000])
def test_nms(cuda, generator, num, offset):
    boxes = whole_boxes(num, generator)
    scores = distinct_scores(num, generator)
    expected = portable_ops.nms(boxes, scores, 0.5, offset)
    found = portable_ops.nms(boxes.to(cuda), scores.to(cuda), 0.5, offset)
    assert found.device.type == cuda.type
    assert torch.equal(found.cpu(), expected)


@pytest.mark.parametrize('method', ['naive', 'linear', 'gaussian'])
def test_soft_nms(gpu, generator, method):
    boxes = whole_boxes(300, generator)
    inputs = boxes, distinct_scores(300, generator)
    expected = ops.soft_nms(*inputs, 0.5, method=method, min_score=0.05)
    there = (tensor.to(gpu) for tensor in inputs)
    found = ops.soft_nms(*there, 0.5, method=method, min_score=0.05)
    for ours, theirs in zip(found, expected):
        assert ours.device.type == gpu.type
        assert torch.equal(ours.cpu(), theirs)


def test_nms_by_class(cuda, generator):
    boxes = whole_boxes(2000, generator)
    scores = distinct_scores(2000, generator)
    labels = torch.randint(5, (2000,), generator=generator)
    setting = dict(type='nms', iou_threshold=0.5)
    expected = ops.batched_nms(boxes, scores, labels, setting)[1]
    there = (tensor.to(cuda) for tensor in (boxes, scores, labels))
    assert torch.equal(ops.batched_nms(*there, setting)[1].cpu(), expected)


def test_nms_of_rotated_boxes(gpu, generator):
    boxes, scores = (
        rotated_boxes(200, generator),
        distinct_scores(200, generator),
    )
    expected = ops.nms_rotated(boxes, scores, 0.3)
    found = ops.nms_rotated(boxes.to(gpu), scores.to(gpu), 0.3)
    assert torch.equal(found[1].cpu(), expected[1])
    overlaps = ops.box_iou_rotated(boxes, boxes)
    there = ops.box_iou_rotated(boxes.to(gpu), boxes.to(gpu))
    assert relative_error(there.cpu(), overlaps) < 1e-4


def test_groups_and_overlaps(gpu, generator):
    boxes = whole_boxes(200, generator)
    dets = torch.cat([boxes, distinct_scores(200, generator)[:, None]], 1)
    expected = [group.tolist() for group in ops.nms_match(dets, 0.5)]
    found = ops.nms_match(dets.to(gpu), 0.5)
    assert [group.tolist() for group in found] == expected
    for mode in ('iou', 'iof'):
        overlaps = ops.bbox_overlaps(boxes, boxes[:9], mode)
        there = ops.bbox_overlaps(boxes.to(gpu), boxes[:9].to(gpu), mode)
        assert relative_error(there.cpu(), overlaps) < 1e-6


def gradients_of(function, inputs, device, dtype):
    """The output and, of every floating input, its gradient."""
    there, leaves = {}, {}
    for name, tensor in inputs.items():
        there[name] = tensor.detach().to(device)
        if tensor.is_floating_point():
            # RoIs stay as they are: under autocast they are float32.
            kind = tensor.dtype if name == 'rois' else dtype
            there[name] = there[name].to(kind)
            if name != 'rois':
                leaves[name] = there[name].requires_grad_()
    output = function(**there)
    assert output.device.type == device.type and output.dtype == dtype
    weight = torch.linspace(-1, 1, output.numel()).view(output.shape)
    weight = weight.to(output)
    grads = torch.autograd.grad(output, list(leaves.values()), weight)
    return dict(zip(leaves, grads), output=output.detach())


def feature_maps(generator, *size):
    return torch.randn(*size, generator=generator)


def pooling(function, *settings):
    def build(generator):
        rois = torch.cat([make_rois(60, generator), torch.tensor(EDGE_ROIS)])
        inputs = dict(maps=feature_maps(generator, 2, 8, 20, 30), rois=rois)
        return (
            lambda maps, rois: function(maps, rois, (7, 7), 0.25, *settings)
        ), inputs

    return build


def deformed(generator, masked):
    inputs = dict(
        maps=feature_maps(generator, 2, 4, 9, 9),
        offset=feature_maps(generator, 2, 18, 9, 9),
        weight=feature_maps(generator, 6, 4, 3, 3),
    )
    if not masked:
        return (
            lambda maps, offset, weight: ops.deform_conv2d(
                maps, offset, weight, 1, 1, 1
            )
        ), inputs
    inputs['mask'] = torch.rand(2, 9, 9, 9, generator=generator)
    inputs['bias'] = feature_maps(generator, 6)
    return (
        lambda maps, offset, weight, mask, bias: ops.modulated_deform_conv2d(
            maps, offset, mask, weight, bias, 1, 1, 1, 1, 1
        )
    ), inputs


def attended(generator):
    size = (2, 50, 3, 2, 4)
    inputs = dict(
        value=feature_maps(generator, 2, 26, 3, 4),
        shapes=torch.tensor([[4, 5], [2, 3]]),
        starts=torch.tensor([0, 20]),
        where=torch.rand(*size, 2, generator=generator) * 1.4 - 0.2,
        weights=torch.rand(*size, generator=generator),
    )
    function = attention.MultiScaleDeformableAttnFunction
    return (lambda **inputs: function.apply(*inputs.values(), 64)), inputs


def upsampled(generator):
    inputs = dict(
        maps=feature_maps(generator, 2, 4, 5, 6),
        masks=feature_maps(generator, 2, 18, 10, 12),
    )
    return (lambda maps, masks: ops.carafe(maps, masks, 3, 2, 2)), inputs


def focal(generator):
    target = torch.randint(5, (40,), generator=generator)
    inputs = dict(score=feature_maps(generator, 40, 4), target=target)
    return (
        lambda score, target: ops.sigmoid_focal_loss(
            score, target, 2.0, 0.25, None, 'none'
        )
    ), inputs


def normalized(generator):
    layer = nn.BatchNorm2d(4)

    def function(maps, weight, bias):
        running = (layer.running_mean, layer.running_var)
        running = [buffer.to(maps.device) for buffer in running]
        # Weights and running statistics are float32 in mixed precision.
        return sync_bn.SyncBatchNormFunction.apply(
            maps,
            *running,
            weight.float(),
            bias.float(),
            0.1,
            1e-5,
            0,
            1,
            'default',
        )

    inputs = dict(
        maps=feature_maps(generator, 3, 4, 5, 6),
        weight=feature_maps(generator, 4),
        bias=feature_maps(generator, 4),
    )
    return function, inputs


OPERATORS = {
    'roi_align': pooling(ops.roi_align, 2),
    'roi_align at ratio 0': pooling(ops.roi_align, 0),
    'roi_align, max': pooling(ops.roi_align, 2, 'max'),
    'roi_pool': pooling(ops.roi_pool),
    'deform_conv': lambda generator: deformed(generator, masked=False),
    'modulated_deform_conv': lambda generator: deformed(generator, True),
    'ms_deform_attn': attended,
    'carafe': upsampled,
    'sigmoid_focal_loss': focal,
    'sync_bn': normalized,
}


@pytest.mark.parametrize('name', OPERATORS)
def test_values_and_gradients(cuda, generator, name):
    function, inputs = OPERATORS[name](generator)
    expected = gradients_of(function, inputs, torch.device('cpu'), torch.float)
    found = gradients_of(function, inputs, cuda, torch.float)
    # Sums on CUDA have no fixed order; a gradient is the sum of many.
    for key, value in expected.items():
        limit = 1e-5 if key == 'output' else 1e-4
        assert relative_error(found[key].cpu(), value) < limit, key


@pytest.mark.parametrize('name', OPERATORS)
def test_half_precision(cuda, generator, name):
    """What arrives under autocast; 2^-10 is a last bit of fp16.

    Only the output: the gradient of a place or of a maximum jumps where
    fp16 rounds it across a pixel.
    """
    function, inputs = OPERATORS[name](generator)
    expected = gradients_of(function, inputs, torch.device('cpu'), torch.float)
    found = gradients_of(function, inputs, cuda, torch.half)
    output = found['output'].cpu().float()
    assert relative_error(output, expected['output']) < 20 * 2**-10
    assert all(value.isfinite().all() for value in found.values())


def test_masked_convolution(gpu, generator):
    layer = ops.MaskedConv2d(3, 5, 3, padding=1)
    maps = torch.randn(1, 3, 6, 7, generator=generator)
    mask = torch.rand(1, 6, 7, generator=generator) > 0.5
    with torch.no_grad():
        expected = layer(maps, mask)
        found = layer.to(gpu)(maps.to(gpu), mask.to(gpu))
    assert relative_error(found.cpu(), expected) < 1e-5


def test_naive_carafe(gpu, generator):
    function, inputs = upsampled(generator)
    expected = function(**inputs)
    there = [inputs[name].to(gpu) for name in ('maps', 'masks')]
    there = [tensor.requires_grad_() for tensor in there]
    found = ops.carafe_naive(*there, 3, 2, 2)
    assert relative_error(found.detach().cpu(), expected) < 1e-5
    if gpu.type == 'cuda':  # mmcv refuses its gradient elsewhere
        found.sum().backward()
        assert there[0].grad.is_cuda
