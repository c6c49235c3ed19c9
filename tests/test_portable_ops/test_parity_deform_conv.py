"""Deformable convolution against compiled mmcv: `make parity`."""

import pytest
import torch

from tests.test_portable_ops.inputs import relative_error

pytestmark = pytest.mark.parity
TOLERANCE = 1e-5

CONVS = pytest.mark.parametrize(
    'groups, deform_groups, stride, padding, dilation, kernel',
    [
        (1, 1, (1, 1), (1, 1), (1, 1), (3, 3)),
        (2, 1, (2, 1), (0, 2), (1, 2), (3, 2)),
        (1, 4, (1, 2), (2, 1), (2, 1), (1, 3)),
        (2, 2, (2, 2), (1, 1), (1, 1), (3, 3)),
    ],
)
OFFSETS = pytest.mark.parametrize('spread', [0.0, 1.0, 8.0])


def conv_inputs(generator, groups, deform_groups, out_size, kernel, spread):
    taps = deform_groups * kernel[0] * kernel[1]
    return dict(
        maps=torch.randn(2, 8, 9, 11, generator=generator),
        weight=torch.randn(6, 8 // groups, *kernel, generator=generator),
        bias=torch.randn(6, generator=generator),
        offset=spread
        * torch.randn(2, 2 * taps, *out_size, generator=generator),
        mask=torch.rand(2, taps, *out_size, generator=generator),
        grad=torch.randn(2, 6, *out_size, generator=generator),
    )


def output_size(stride, padding, dilation, kernel):
    return tuple(
        (size + 2 * p - d * (k - 1) - 1) // s + 1
        for size, s, p, d, k in zip((9, 11), stride, padding, dilation, kernel)
    )


@CONVS
@OFFSETS
def test_deform_conv(
    both,
    generator,
    groups,
    deform_groups,
    stride,
    padding,
    dilation,
    kernel,
    spread,
):
    size = output_size(stride, padding, dilation, kernel)
    t = conv_inputs(generator, groups, deform_groups, size, kernel, spread)
    empty = torch.empty(0)
    numbers = dict(
        kW=kernel[1],
        kH=kernel[0],
        dW=stride[1],
        dH=stride[0],
        padW=padding[1],
        padH=padding[0],
        dilationW=dilation[1],
        dilationH=dilation[0],
        group=groups,
        deformable_group=deform_groups,
        im2col_step=2,
    )
    maps, offset, weight = t['maps'], t['offset'], t['weight']
    zeros = torch.zeros_like
    calls = (
        (
            'deform_conv_forward',
            (maps, weight, offset, zeros(t['grad']), empty, empty),
            numbers,
            (3,),
        ),
        (
            'deform_conv_backward_input',
            (maps, offset, t['grad'], zeros(maps), zeros(offset), weight)
            + (empty,),
            numbers,
            (3, 4),
        ),
        (
            'deform_conv_backward_parameters',
            (maps, offset, t['grad'], zeros(weight), empty, empty),
            dict(numbers, scale=1),
            (3,),
        ),
    )
    for name, tensors, arguments, buffers in calls:
        (_, ours), (_, theirs) = both(name, *tensors, **arguments)
        for index in buffers:
            error = relative_error(ours[index], theirs[index])
            assert error <= TOLERANCE, (name, index)


@CONVS
@OFFSETS
@pytest.mark.parametrize('with_bias', [True, False])
def test_modulated_deform_conv(
    both,
    generator,
    groups,
    deform_groups,
    stride,
    padding,
    dilation,
    kernel,
    spread,
    with_bias,
):
    size = output_size(stride, padding, dilation, kernel)
    t = conv_inputs(generator, groups, deform_groups, size, kernel, spread)
    empty = torch.empty(0)
    bias = t['bias'] if with_bias else empty
    numbers = dict(
        kernel_h=kernel[0],
        kernel_w=kernel[1],
        stride_h=stride[0],
        stride_w=stride[1],
        pad_h=padding[0],
        pad_w=padding[1],
        dilation_h=dilation[0],
        dilation_w=dilation[1],
        group=groups,
        deformable_group=deform_groups,
        with_bias=with_bias,
    )
    inputs = (t['maps'], t['weight'], bias, empty, t['offset'], t['mask'])
    (_, ours), (_, theirs) = both(
        'modulated_deform_conv_forward',
        *inputs,
        torch.zeros_like(t['grad']),
        empty,
        **numbers,
    )
    assert relative_error(ours[6], theirs[6]) <= TOLERANCE
    buffers = [
        torch.zeros_like(tensor)
        for tensor in (t['maps'], t['weight'], bias, t['offset'], t['mask'])
    ]
    (_, ours), (_, theirs) = both(
        'modulated_deform_conv_backward',
        *inputs,
        empty,
        *buffers,
        t['grad'],
        **numbers,
    )
    for index in range(7, 12):
        assert relative_error(ours[index], theirs[index]) <= TOLERANCE, index


@pytest.mark.parametrize('stride', [1, 2])
def test_offsets_larger_than_the_output(both, generator, stride):
    """As DyHead calls it: offset and mask of a finer level, read as memory."""
    out = 9 if stride == 1 else 5
    maps = torch.randn(2, 4, 9, 9, generator=generator)
    weight = torch.randn(6, 4, 3, 3, generator=generator)
    offset = torch.randn(2, 18, 18, 18, generator=generator)
    mask = torch.rand(2, 9, 18, 18, generator=generator)
    grad = torch.randn(2, 6, out, out, generator=generator)
    empty, bias = torch.empty(0), torch.zeros(6)
    numbers = dict(
        kernel_h=3,
        kernel_w=3,
        stride_h=stride,
        stride_w=stride,
        pad_h=1,
        pad_w=1,
        dilation_h=1,
        dilation_w=1,
        group=1,
        deformable_group=1,
        with_bias=False,
    )
    ours, theirs = both(
        'modulated_deform_conv_forward',
        maps,
        weight,
        bias,
        empty,
        offset,
        mask,
        torch.zeros_like(grad),
        empty,
        **numbers,
    )
    assert relative_error(ours[1][6], theirs[1][6]) <= TOLERANCE
    zeros = torch.zeros_like
    ours, theirs = both(
        'modulated_deform_conv_backward',
        maps,
        weight,
        bias,
        empty,
        offset,
        mask,
        empty,
        zeros(maps),
        zeros(weight),
        zeros(bias),
        zeros(offset),
        zeros(mask),
        grad,
        **numbers,
    )
    for a, b in zip(ours[1][7:12], theirs[1][7:12]):
        assert relative_error(a, b) <= TOLERANCE
