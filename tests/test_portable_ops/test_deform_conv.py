"""Deformable convolution against convolution, shifts, loops and gradcheck."""

import importlib
import math

import pytest
import torch
import torch.nn.functional as F

import portable_ops
from portable_ops.deform_conv import ConvShape

SHAPES = pytest.mark.parametrize(
    'shape',
    [
        ConvShape(padding=(1, 1)),
        ConvShape((2, 1), (0, 2), (1, 2), groups=2, deform_groups=2),
        ConvShape((1, 2), (2, 1), (2, 1), groups=1, deform_groups=4),
    ],
)
KERNEL = (3, 2)


def _inputs(generator, shape, spread):
    def rand(*size):
        return torch.randn(*size, generator=generator).double()

    maps = rand(2, 4, 6, 7)
    weight = rand(6, 4 // shape.groups, *KERNEL)
    out_size = F.conv2d(
        maps,
        weight,
        None,
        shape.stride,
        shape.padding,
        shape.dilation,
        shape.groups,
    ).shape[2:]
    taps = shape.deform_groups * KERNEL[0] * KERNEL[1]
    return dict(
        maps=maps,
        offset=spread * rand(2, 2 * taps, *out_size),
        weight=weight,
        mask=rand(2, taps, *out_size),
        bias=rand(6),
    )


@SHAPES
def test_without_offsets_it_is_a_convolution(generator, shape):
    t = _inputs(generator, shape, spread=0.0)
    output = portable_ops.deform_conv(
        t['maps'], t['offset'], t['weight'], bias=t['bias'], shape=shape
    )
    expected = F.conv2d(
        t['maps'],
        t['weight'],
        t['bias'],
        shape.stride,
        shape.padding,
        shape.dilation,
        shape.groups,
    )
    torch.testing.assert_close(output, expected)


def test_whole_offsets_shift_the_map(generator):
    maps = torch.randn(1, 2, 8, 9, generator=generator)
    weight = torch.randn(3, 2, 1, 1, generator=generator)
    # One tap: y + 2, x - 1.
    offset = torch.tensor([2.0, -1.0]).view(1, 2, 1, 1).expand(1, 2, 8, 9)
    output = portable_ops.deform_conv(maps, offset, weight, shape=ConvShape())
    shifted = torch.zeros_like(maps)
    shifted[:, :, :6, 1:] = maps[:, :, 2:, :8]
    torch.testing.assert_close(output, F.conv2d(shifted, weight))


def _oracle(maps, offset, weight, mask, bias, shape):
    """The definition, tap by tap, with scalars."""
    num, out_channels = len(maps), len(weight)
    height, width = maps.shape[2:]
    output = bias[None, :, None, None].repeat(num, 1, *offset.shape[2:])
    in_group = weight.shape[1]
    out_group = out_channels // shape.groups
    deform_group = maps.shape[1] // shape.deform_groups

    def pixel(n, c, y, x):
        inside = 0 <= y < height and 0 <= x < width
        return maps[n, c, y, x].item() if inside else 0.0

    def sample(n, c, y, x):
        y0, x0 = math.floor(y), math.floor(x)
        return sum(
            (1 - abs(y - yy)) * (1 - abs(x - xx)) * pixel(n, c, yy, xx)
            for yy in (y0, y0 + 1)
            for xx in (x0, x0 + 1)
        )

    for n, o, i, j in torch.cartesian_prod(
        *(torch.arange(s) for s in output.shape)
    ).tolist():
        for c in range(in_group):
            channel = o // out_group * in_group + c
            group = channel // deform_group
            for k in range(KERNEL[0] * KERNEL[1]):
                tap = group * KERNEL[0] * KERNEL[1] + k
                ky, kx = divmod(k, KERNEL[1])
                dy, dx = offset[n, 2 * tap : 2 * tap + 2, i, j].tolist()
                y = i * shape.stride[0] - shape.padding[0]
                x = j * shape.stride[1] - shape.padding[1]
                value = sample(
                    n,
                    channel,
                    y + ky * shape.dilation[0] + dy,
                    x + kx * shape.dilation[1] + dx,
                )
                output[n, o, i, j] += (
                    weight[o, c, ky, kx] * mask[n, tap, i, j] * value
                )
    return output


def test_equals_the_definition(generator):
    shape = ConvShape((2, 1), (0, 2), (1, 2), groups=2, deform_groups=2)
    t = _inputs(generator, shape, spread=2.0)
    t = {
        name: tensor[:1] if name in ('maps', 'offset', 'mask') else tensor
        for name, tensor in t.items()
    }
    output = portable_ops.deform_conv(**t, shape=shape)
    torch.testing.assert_close(output, _oracle(**t, shape=shape))


@SHAPES
def test_gradients(generator, shape):
    """gradcheck: deform_conv_backward is the autograd of the forward."""
    t = _inputs(generator, shape, spread=0.7)
    names = tuple(t)
    leaves = [tensor.requires_grad_() for tensor in t.values()]

    def forward(*tensors):
        return portable_ops.deform_conv(
            **dict(zip(names, tensors)), shape=shape
        )

    assert torch.autograd.gradcheck(forward, leaves, fast_mode=True)
    output = forward(*leaves)
    grad = torch.ones_like(output)
    expected = torch.autograd.grad(output, leaves, grad)
    found = portable_ops.deform_conv_backward(grad, t, names, shape)
    for ours, theirs in zip(found, expected):
        torch.testing.assert_close(ours, theirs)


def test_padding_gives_offsets_no_gradient():
    """A sample exactly a pixel off the map is off the map, as in mmcv."""
    maps = torch.ones(1, 1, 1, 1, requires_grad=True)
    offset = torch.zeros(1, 18, 1, 1, requires_grad=True)
    output = portable_ops.deform_conv(
        maps, offset, torch.ones(1, 1, 3, 3), shape=ConvShape(padding=(1, 1))
    )
    (gradient,) = torch.autograd.grad(output.sum(), offset)
    # Only tap 4, the center, lies on the map; to its lower right is nothing,
    # so moving there loses the value: -1 along y and x.
    expected = torch.zeros(18)
    expected[8:10] = -1
    assert torch.equal(gradient.flatten(), expected)


def test_far_and_broken_offsets_read_zero():
    maps = torch.ones(1, 1, 3, 3)
    for value in (1e9, -1e9, math.inf, math.nan):
        offset = torch.full((1, 2, 3, 3), value)
        output = portable_ops.deform_conv(
            maps, offset, torch.ones(1, 1, 1, 1), shape=ConvShape()
        )
        assert torch.equal(output, torch.zeros(1, 1, 3, 3))


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_narrow_types_are_computed_in_fp32(generator, dtype):
    shape = ConvShape(padding=(1, 1))
    t = _inputs(generator, shape, spread=1.0)
    t = {name: tensor.to(dtype) for name, tensor in t.items()}
    output = portable_ops.deform_conv(**t, shape=shape)
    wide = portable_ops.deform_conv(
        **{name: tensor.float() for name, tensor in t.items()}, shape=shape
    )
    assert output.dtype == dtype
    assert torch.equal(output, wide.to(dtype))


def test_no_image():
    output = portable_ops.deform_conv(
        torch.zeros(0, 2, 5, 5),
        torch.zeros(0, 18, 5, 5),
        torch.ones(4, 2, 3, 3),
        shape=ConvShape(padding=(1, 1)),
    )
    assert output.shape == (0, 4, 5, 5)


def test_wrong_shapes_are_named():
    maps, weight = torch.ones(1, 2, 5, 5), torch.ones(4, 2, 3, 3)
    with pytest.raises(
        ValueError, match=r'offset must have shape \(1, 18, 3, 3\).* but got '
    ):
        portable_ops.deform_conv(
            maps, torch.zeros(1, 18, 5, 5), weight, shape=ConvShape()
        )
    with pytest.raises(
        ValueError, match=r'mask must have shape \(1, 9, 3, 3\).* but got '
    ):
        portable_ops.deform_conv(
            maps,
            torch.zeros(1, 18, 3, 3),
            weight,
            torch.ones(1, 18, 3, 3),
            shape=ConvShape(),
        )


def test_larger_offsets_are_read_as_memory(generator):
    """mmcv's reading of DyHead's call: the first values, in their order."""
    maps = torch.randn(1, 2, 4, 4, generator=generator, dtype=torch.float64)
    weight = torch.randn(3, 2, 1, 1, generator=generator, dtype=torch.float64)
    offset = torch.randn(1, 2, 8, 8, generator=generator, dtype=torch.float64)
    mask = torch.rand(1, 1, 8, 8, generator=generator, dtype=torch.float64)
    shape = ConvShape()
    found = portable_ops.deform_conv(maps, offset, weight, mask, shape=shape)
    # 2 x 4 x 4 = 32 offsets: the upper half of the first channel.
    read = offset.flatten()[:32].view(1, 2, 4, 4)
    factor = mask.flatten()[:16].view(1, 1, 4, 4)
    expected = portable_ops.deform_conv(
        maps, read, weight, factor, shape=shape
    )
    assert torch.equal(found, expected)
    with pytest.raises(ValueError, match='offset must have shape'):
        portable_ops.deform_conv(maps, offset, weight, shape=shape)


@SHAPES
@pytest.mark.parametrize('modulated', [False, True])
def test_torchvision_s_kernel_has_the_same_values(
    generator, shape, modulated, monkeypatch
):
    """What CUDA uses for values; here by torchvision's kernel of the CPU."""
    reason = 'needs torchvision, for its kernels'
    pytest.importorskip('torchvision', reason=reason)
    tensors = _inputs(generator, shape, spread=2.0)
    if not modulated:
        del tensors['mask'], tensors['bias']
    expected = portable_ops.deform_conv(**tensors, shape=shape)
    module = importlib.import_module('portable_ops.deform_conv')
    there = torch.ops.torchvision
    monkeypatch.setattr(module, 'torchvision_kernels', lambda device: there)
    with torch.no_grad():
        found = portable_ops.deform_conv(**tensors, shape=shape)
    torch.testing.assert_close(found, expected)
