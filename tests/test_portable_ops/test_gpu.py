"""CUDA gives what the CPU gives, with torchvision's kernels and without."""

import pytest
import torch

import portable_ops
from portable_ops import torchvision_kernels as kernels
from portable_ops.deform_conv import ConvShape
from tests.test_portable_ops.inputs import (
    EDGE_ROIS,
    make_dense_boxes,
    make_rois,
    relative_error,
)

pytestmark = pytest.mark.gpu


@pytest.fixture(params=['as installed', 'without torchvision'])
def cuda(request, monkeypatch):
    if request.param == 'without torchvision':
        monkeypatch.setattr(kernels, '_working_kernels', lambda device: None)
    return torch.device('cuda')


@pytest.mark.parametrize('offset', [0, 1])
@pytest.mark.parametrize('num', [0, 1, 600, 5000])
def test_nms(cuda, generator, num, offset):
    boxes = make_dense_boxes(num, generator)
    scores = torch.rand(num, generator=generator)
    expected = portable_ops.nms(boxes, scores, 0.5, offset)
    found = portable_ops.nms(boxes.to(cuda), scores.to(cuda), 0.5, offset)
    assert torch.equal(found.cpu(), expected)


@pytest.mark.parametrize('ratio', [0, 2])
def test_roi_align(cuda, generator, ratio):
    maps = torch.randn(2, 8, 20, 30, generator=generator)
    rois = torch.cat([make_rois(600, generator), torch.tensor(EDGE_ROIS)])
    settings = (0.25, ratio, True)
    expected = portable_ops.roi_align(maps, rois, (7, 7), *settings)
    found = portable_ops.roi_align(
        maps.to(cuda), rois.to(cuda), (7, 7), *settings
    )
    assert relative_error(found.cpu(), expected) < 1e-5
    gradient = portable_ops.roi_align_backward(
        expected, rois, maps.shape, *settings
    )
    found = portable_ops.roi_align_backward(
        expected.to(cuda), rois.to(cuda), maps.shape, *settings
    )
    assert relative_error(found.cpu(), gradient) < 1e-5


def test_deform_conv(cuda, generator):
    inputs = dict(
        maps=torch.randn(2, 4, 9, 9, generator=generator),
        offset=torch.randn(2, 18, 9, 9, generator=generator),
        weight=torch.randn(6, 4, 3, 3, generator=generator),
        mask=torch.rand(2, 9, 9, 9, generator=generator),
    )
    shape = ConvShape(padding=(1, 1))
    output = portable_ops.deform_conv(**inputs, shape=shape)
    there = {name: tensor.to(cuda) for name, tensor in inputs.items()}
    found = portable_ops.deform_conv(**there, shape=shape)
    assert relative_error(found.cpu(), output) < 1e-5
    names = tuple(inputs)
    expected = portable_ops.deform_conv_backward(output, inputs, names, shape)
    gradients = portable_ops.deform_conv_backward(found, there, names, shape)
    for ours, theirs in zip(gradients, expected):
        assert relative_error(ours.cpu(), theirs) < 1e-4
