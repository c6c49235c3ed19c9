"""Operators of single model families: literal loops, torch and autograd.

Compiled mmcv has no CPU code for most of them, so each is compared with its
definition, one output value at a time, and its gradient with autograd's.
"""

import math

import pytest
import torch
from mmcv.ops import (
    CARAFE,
    CARAFENaive,
    MaskedConv2d,
    MultiScaleDeformableAttention,
    RoIPool,
)
from mmcv.ops.multi_scale_deform_attn import (
    MultiScaleDeformableAttnFunction,
    multi_scale_deformable_attn_pytorch,
)
from mmcv.ops.sync_bn import SyncBatchNormFunction
from torch import nn

from portable_ops.carafe import carafe
from portable_ops.ms_deform_attn import ms_deform_attn, ms_deform_attn_backward
from portable_ops.roi_pool import roi_pool
from tests.test_portable_ops.inputs import EDGE_ROIS, make_rois


def attention_inputs(generator, queries=5, dtype=torch.float64):
    shapes = torch.tensor([[4, 5], [2, 3]])
    value = torch.randn(2, 26, 3, 4, generator=generator, dtype=dtype)
    # Beyond the map on each side, too.
    size = (2, queries, 3, 2, 4)
    where = torch.rand(*size, 2, generator=generator, dtype=dtype) * 1.4 - 0.2
    weights = torch.rand(*size, generator=generator, dtype=dtype)
    return value, shapes, where, weights


def bilinear(level, x, y):
    """Of a (H, W, D) map whose pixel centers are at 0.5, 1.5, ..."""
    height, width, dim = level.shape
    x, y = x * width - 0.5, y * height - 0.5
    left, top = math.floor(x), math.floor(y)
    value = level.new_zeros(dim)
    for row in (top, top + 1):
        for column in (left, left + 1):
            if 0 <= row < height and 0 <= column < width:
                share = (1 - abs(y - row)) * (1 - abs(x - column))
                value += share * level[row, column]
    return value


def test_attention_is_its_definition(generator):
    value, shapes, where, weights = attention_inputs(generator)
    found = ms_deform_attn(value, shapes, where, weights)
    assert found.shape == (2, 5, 12)
    for b, q, h in ((0, 0, 0), (1, 4, 2), (1, 2, 1)):
        expected = torch.zeros(4, dtype=torch.float64)
        for level, (start, size) in enumerate(((0, (4, 5)), (20, (2, 3)))):
            stop = start + size[0] * size[1]
            maps = value[b, start:stop, h].view(*size, 4)
            for point in range(4):
                x, y = where[b, q, h, level, point].tolist()
                sample = bilinear(maps, x, y)
                expected += weights[b, q, h, level, point] * sample
        torch.testing.assert_close(found[b, q, 4 * h : 4 * h + 4], expected)


@pytest.mark.parametrize('queries', [1, 900])
def test_attention_equals_mmcv_s_own_cpu_path(generator, queries):
    inputs = attention_inputs(generator, queries, torch.float32)
    torch.testing.assert_close(
        ms_deform_attn(*inputs), multi_scale_deformable_attn_pytorch(*inputs)
    )


def test_gradients_through_mmcv_s_function(generator):
    value, shapes, where, weights = attention_inputs(generator)
    starts = torch.tensor([0, 20])
    inputs = [t.requires_grad_() for t in (value, where, weights)]
    found = MultiScaleDeformableAttnFunction.apply(
        value, shapes, starts, where, weights, 64
    )
    expected = multi_scale_deformable_attn_pytorch(
        value, shapes, where, weights
    )
    grad = torch.randn(found.shape, generator=generator, dtype=found.dtype)
    for ours, theirs in zip(
        torch.autograd.grad(found, inputs, grad),
        torch.autograd.grad(expected, inputs, grad),
    ):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize('dtype', [torch.float64, torch.float32, torch.half])
@pytest.mark.parametrize('queries', [0, 1, 40])
def test_attention_by_rows_equals_that_by_grids(generator, queries, dtype):
    """Inside, on the rim, outside and far from the maps."""
    value, shapes, where, weights = attention_inputs(generator, queries)
    places = torch.tensor([-6e4, -0.5, -0.01, 0, 0.5, 1, 1.01, 6e4])
    pick = torch.randint(0, 8, where.shape, generator=generator)
    rim = torch.rand(where.shape, generator=generator) < 0.5
    where = torch.where(rim, places.double()[pick], where)
    value, where, weights = (t.to(dtype) for t in (value, where, weights))
    inputs = [t.double().requires_grad_() for t in (value, where, weights)]
    expected = ms_deform_attn(inputs[0], shapes, *inputs[1:])
    grad = torch.randn(expected.shape, generator=generator).to(dtype)
    found = ms_deform_attn(value, shapes, where, weights)
    assert found.dtype == dtype
    slack = dict(rtol=1e-5, atol=1e-5) if dtype != torch.half else {}
    torch.testing.assert_close(found, expected.to(dtype), **slack)
    found = ms_deform_attn_backward(value, shapes, where, weights, grad)
    expected = torch.autograd.grad(expected, inputs, grad.double())
    for ours, theirs in zip(found, expected):
        assert ours.dtype == dtype
        torch.testing.assert_close(ours, theirs.to(dtype), **slack)


def test_attention_names_what_does_not_fit(generator):
    value, shapes, where, weights = attention_inputs(generator)
    for wrong, name in (
        ((value[:, 1:], shapes, where, weights), 'value must be'),
        ((value, shapes, where[..., :1, :, :], weights), 'sampling_locations'),
        ((value, shapes, where, weights[..., :1]), 'attention_weights'),
    ):
        with pytest.raises(ValueError, match=name):
            ms_deform_attn(*wrong)


def test_attention_module_trains():
    module = MultiScaleDeformableAttention(32, num_heads=4, num_levels=2)
    query = torch.randn(7, 2, 32)
    value = torch.randn(26, 2, 32, requires_grad=True)
    out = module(
        query,
        value=value,
        reference_points=torch.rand(2, 7, 2, 2),
        spatial_shapes=torch.tensor([[4, 5], [2, 3]]),
        level_start_index=torch.tensor([0, 20]),
    )
    out.sum().backward()
    assert out.shape == (7, 2, 32)
    assert value.grad.abs().sum() > 0


@pytest.mark.parametrize('groups', [1, 2])
@pytest.mark.parametrize('kernel', [1, 3, 5])
def test_carafe_is_its_definition(generator, kernel, groups):
    scale, radius = 2, kernel // 2
    maps = torch.randn(2, 4, 3, 4, generator=generator, dtype=torch.float64)
    masks = torch.randn(
        2, groups * kernel**2, 6, 8, generator=generator, dtype=torch.float64
    )
    found = carafe(maps, masks, kernel, groups, scale)
    for b, c, y, x in ((0, 0, 0, 0), (1, 3, 5, 7), (0, 2, 3, 4), (1, 1, 2, 6)):
        expected = 0.0
        for tap in range(kernel**2):
            row = y // scale + tap // kernel - radius
            column = x // scale + tap % kernel - radius
            if 0 <= row < 3 and 0 <= column < 4:
                group = c // (4 // groups)
                weight = masks[b, group * kernel**2 + tap, y, x]
                expected += float(weight * maps[b, c, row, column])
        assert float(found[b, c, y, x]) == pytest.approx(expected)


def test_carafe_through_mmcv(generator):
    inputs = (
        torch.randn(1, 4, 3, 2, generator=generator, dtype=torch.float64),
        torch.randn(1, 18, 6, 4, generator=generator, dtype=torch.float64),
    )
    layer, naive = CARAFE(3, 2, 2), CARAFENaive(3, 2, 2)
    assert torch.equal(layer(*inputs), naive(*inputs))
    # mmcv lets the naive one have its gradient on CUDA alone.
    assert torch.autograd.gradcheck(
        layer, [t.requires_grad_() for t in inputs]
    )


def test_carafe_refuses_masks_of_another_size():
    with pytest.raises(ValueError, match=r'masks must be \(1, 9, 8, 8\)'):
        carafe(torch.zeros(1, 4, 4, 4), torch.zeros(1, 9, 8, 6), 3, 1, 2)


def pool_by_loops(maps, roi, size, scale):
    """Of one RoI: maxima and their places, pixel by pixel."""
    image, x1, y1, x2, y2 = roi.tolist()
    left, top = x1 * scale, y1 * scale
    width, height = (x2 + 1) * scale - left, (y2 + 1) * scale - top
    channels, rows, columns = maps.shape[1:]
    out = torch.zeros(channels, *size, dtype=maps.dtype)
    arg = torch.full((channels, *size), -1)
    if width <= 0 or height <= 0:
        return out, arg
    for i in range(size[0]):
        for j in range(size[1]):
            ys = range(
                max(math.floor(i * height / size[0] + top), 0),
                min(math.ceil((i + 1) * height / size[0] + top), rows),
            )
            xs = range(
                max(math.floor(j * width / size[1] + left), 0),
                min(math.ceil((j + 1) * width / size[1] + left), columns),
            )
            for c in range(channels):
                best = -math.inf
                for y in ys:
                    for x in xs:
                        value = float(maps[int(image), c, y, x])
                        if value > best:
                            best, place = value, y * columns + x
                if best > -math.inf:
                    out[c, i, j], arg[c, i, j] = best, place
    return out, arg


def test_roi_pool_is_its_definition(generator):
    maps = torch.randn(2, 2, 20, 30, generator=generator, dtype=torch.float64)
    rois = torch.cat([make_rois(10, generator), torch.tensor(EDGE_ROIS)])
    rois = rois.double()
    found, argmax = roi_pool(maps, rois, (3, 2), 0.25)
    for roi, values, places in zip(rois, found, argmax):
        expected, where = pool_by_loops(maps, roi, (3, 2), 0.25)
        assert torch.equal(values, expected)
        assert torch.equal(places.long(), where)


def test_roi_pool_gradient_goes_to_the_maxima(generator):
    maps = torch.randn(2, 3, 8, 9, generator=generator, dtype=torch.float64)
    maps.requires_grad_()
    rois = torch.tensor([[0, 0, 0, 30, 20.0], [1, 4, 4, 20, 24]]).double()
    pool = RoIPool(2, 0.25)
    assert torch.autograd.gradcheck(lambda m: pool(m, rois), [maps])


@pytest.mark.parametrize('num', [0, 1])
def test_roi_pool_of_few_rois(num):
    maps, rois = torch.ones(1, 2, 4, 4), torch.zeros(num, 5)
    out, _ = roi_pool(maps, rois, (7, 7), 1.0)
    assert out.shape == (num, 2, 7, 7)
    assert (out == 1).all()


def test_masked_convolution_is_the_convolution_at_its_places(generator):
    layer = MaskedConv2d(3, 5, (3, 5), padding=(1, 2))
    maps = torch.randn(1, 3, 6, 7, generator=generator)
    mask = torch.rand(1, 6, 7, generator=generator) > 0.5
    with torch.no_grad():
        found = layer(maps, mask)
        expected = nn.Conv2d.forward(layer, maps) * mask
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize('dtype', [torch.float32, torch.float16])
def test_synchronized_norm_of_one_process_is_torch_s(generator, dtype):
    # mmcv's module wants a process group; what it holds is this.
    ours = nn.BatchNorm2d(4)
    theirs = nn.BatchNorm2d(4, momentum=0.3)
    for layer in (ours, theirs):
        nn.init.constant_(layer.weight, 1.5)
        nn.init.constant_(layer.bias, -0.5)
    maps = torch.randn(3, 4, 5, 6, generator=generator).to(dtype)
    first = maps.clone().requires_grad_()
    second = maps.float().requires_grad_()
    out = SyncBatchNormFunction.apply(
        first,
        ours.running_mean,
        ours.running_var,
        ours.weight,
        ours.bias,
        0.3,
        ours.eps,
        0,
        1,
        'default',
    )
    expected = theirs(second)
    tolerance = dict(rtol=1e-3, atol=3e-3) if dtype == torch.float16 else {}
    torch.testing.assert_close(out.float(), expected, **tolerance)
    torch.testing.assert_close(ours.running_mean, theirs.running_mean)
    torch.testing.assert_close(ours.running_var, theirs.running_var)
    grad = torch.randn(out.shape, generator=generator)
    out.backward(grad.to(dtype))
    expected.backward(grad)
    for a, b in (
        (first.grad.float(), second.grad),
        (ours.weight.grad, theirs.weight.grad),
        (ours.bias.grad, theirs.bias.grad),
    ):
        loose = dict(rtol=1e-2, atol=1e-1) if dtype == torch.float16 else {}
        torch.testing.assert_close(a, b, **loose)
