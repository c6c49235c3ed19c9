"""Every operator against compiled mmcv, call by call. Run by `make parity`.

Both modules are called with the same arguments, the buffers that mmcv makes
included: this also proves that mmcv/_ext.py speaks mmcv's conventions.
"""

import importlib.util
from pathlib import Path

import pytest
import torch

from tests.test_portable_ops.inputs import (
    EDGE_ROIS,
    make_dense_boxes,
    make_rois,
    make_tied_scores,
    relative_error,
    touching_row,
)

_FOUND = importlib.util.find_spec('mmcv._ext')
_COMPILED = _FOUND is not None and not _FOUND.origin.endswith('.py')
pytestmark = [
    pytest.mark.parity,
    pytest.mark.skipif(
        not _COMPILED, reason='needs compiled mmcv; run `make parity`'
    ),
]
_EXT_FILE = (
    Path(__file__).parents[2] / 'projects/portable_ops/src/mmcv/_ext.py'
)
TOLERANCE = 1e-5


@pytest.fixture(scope='module')
def compiled():
    return importlib.import_module('mmcv._ext')


@pytest.fixture(scope='module')
def portable():
    spec = importlib.util.spec_from_file_location('portable_ext', _EXT_FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


def both(compiled, portable, name, *tensors, **numbers):
    """Call both with copies of the tensors; return the copies, by side."""
    sides = []
    for module in (portable, compiled):
        copies = [tensor.clone() for tensor in tensors]
        result = getattr(module, name)(*copies, **numbers)
        sides.append((result, copies))
    return sides


def roi_align_both(
    compiled, portable, maps, rois, ratio, mode, aligned, size=(7, 7)
):
    """Outputs, argmaxes and gradient of ours and of mmcv's."""
    shape = (len(rois), maps.shape[1], *size)
    numbers = dict(
        aligned_height=size[0],
        aligned_width=size[1],
        spatial_scale=0.25,
        sampling_ratio=ratio,
        pool_mode=mode,
        aligned=aligned,
    )
    empty = maps.new_zeros(shape if mode == 0 else 0)
    ours, theirs = both(
        compiled,
        portable,
        'roi_align_forward',
        maps,
        rois,
        maps.new_zeros(shape),
        empty,
        empty,
        **numbers,
    )
    output, argmax = theirs[1][2], theirs[1][3:]
    pairs = list(zip(ours[1][2:], theirs[1][2:]))
    grad = torch.randn(
        shape, generator=torch.Generator().manual_seed(1), dtype=output.dtype
    )
    ours, theirs = both(
        compiled,
        portable,
        'roi_align_backward',
        grad,
        rois,
        *argmax,
        torch.zeros_like(maps),
        **numbers,
    )
    return [*pairs, (ours[1][4], theirs[1][4])]


@pytest.mark.parametrize('dtype', [torch.float32, torch.float64])
@pytest.mark.parametrize('aligned', [True, False])
@pytest.mark.parametrize('mode', [0, 1], ids=['max', 'avg'])
@pytest.mark.parametrize('ratio', [0, 1, 2, 3])
def test_roi_align(compiled, portable, generator, ratio, mode, aligned, dtype):
    maps = torch.randn(2, 5, 20, 30, generator=generator).to(dtype)
    rois = torch.cat([make_rois(40, generator), torch.tensor(EDGE_ROIS)])
    pairs = roi_align_both(
        compiled, portable, maps, rois.to(dtype), ratio, mode, aligned
    )
    for ours, theirs in pairs:
        assert relative_error(ours, theirs) <= TOLERANCE


@pytest.mark.parametrize('mode', [0, 1], ids=['max', 'avg'])
def test_roi_align_without_rois(compiled, portable, mode):
    maps = torch.ones(2, 5, 20, 30)
    pairs = roi_align_both(
        compiled, portable, maps, torch.zeros(0, 5), 2, mode, True
    )
    assert pairs[0][0].shape == (0, 5, 7, 7)
    assert torch.equal(pairs[-1][0], torch.zeros_like(maps))


def test_roi_align_of_5000_rois(compiled, portable, generator):
    """Enough to be taken in several chunks."""
    maps = torch.randn(2, 4, 100, 150, generator=generator)
    rois = make_rois(5000, generator, size=(400, 600))
    pairs = roi_align_both(
        compiled, portable, maps, rois, 0, 1, True, size=(7, 5)
    )
    for ours, theirs in pairs:
        assert relative_error(ours, theirs) <= TOLERANCE


@pytest.mark.parametrize('offset', [0, 1])
@pytest.mark.parametrize('threshold', [0.3, 0.5, 0.6, 0.7])
@pytest.mark.parametrize('num', [0, 1, 2, 63, 64, 65, 600, 5000])
def test_nms(compiled, portable, generator, num, threshold, offset):
    boxes = make_dense_boxes(num, generator)
    for scores in (
        torch.rand(num, generator=generator),
        make_tied_scores(num, generator),
        torch.ones(num),
    ):
        args = dict(iou_threshold=threshold, offset=offset)
        (ours, _), (theirs, _) = both(
            compiled, portable, 'nms', boxes, scores, **args
        )
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize('offset', [0, 1])
def test_nms_at_exact_thresholds(compiled, portable, generator, offset):
    """Small integer boxes: IoUs of exactly 1/2, equal, empty, touching."""
    boxes = torch.randint(0, 6, (800, 4), generator=generator).float()
    boxes[:, 2:] += boxes[:, :2]
    boxes = torch.cat([boxes, touching_row(40)])
    scores = make_tied_scores(len(boxes), generator)
    for threshold in (0.0, 0.25, 0.5, 0.75, 1.0):
        args = dict(iou_threshold=threshold, offset=offset)
        (ours, _), (theirs, _) = both(
            compiled, portable, 'nms', boxes, scores, **args
        )
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize('offset', [0, 1])
@pytest.mark.parametrize('method', [0, 1, 2], ids=['naive', 'linear', 'gauss'])
@pytest.mark.parametrize('num', [0, 1, 2, 600, 2000])
def test_soft_nms(compiled, portable, generator, num, method, offset):
    boxes = make_dense_boxes(num, generator)
    for scores in (
        torch.rand(num, generator=generator),
        make_tied_scores(num, generator),
    ):
        (ours, buffers), (theirs, expected) = both(
            compiled,
            portable,
            'softnms',
            boxes,
            scores,
            boxes.new_empty(num, 5),
            iou_threshold=0.3,
            sigma=0.5,
            min_score=0.05,
            method=method,
            offset=offset,
        )
        assert torch.equal(ours, theirs)
        found, wanted = buffers[2][: len(ours)], expected[2][: len(ours)]
        assert relative_error(found[:, 4:], wanted[:, 4:]) <= TOLERANCE
        assert torch.equal(found[:, :4], wanted[:, :4])


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
    compiled,
    portable,
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
        (_, ours), (_, theirs) = both(
            compiled, portable, name, *tensors, **arguments
        )
        for index in buffers:
            error = relative_error(ours[index], theirs[index])
            assert error <= TOLERANCE, (name, index)


@CONVS
@OFFSETS
@pytest.mark.parametrize('with_bias', [True, False])
def test_modulated_deform_conv(
    compiled,
    portable,
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
        compiled,
        portable,
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
        compiled,
        portable,
        'modulated_deform_conv_backward',
        *inputs,
        empty,
        *buffers,
        t['grad'],
        **numbers,
    )
    for index in range(7, 12):
        assert relative_error(ours[index], theirs[index]) <= TOLERANCE, index
