"""Deformable RoI pooling equals its definition; mmcv's runs on CUDA alone."""

import math

import pytest
import torch

import portable_ops
from portable_ops.deform_roi_pool import (
    deform_roi_pool,
    deform_roi_pool_backward,
)
from tests.test_portable_ops.inputs import EDGE_ROIS, make_rois

SIZE, SCALE, GAMMA = (2, 3), 0.25, 0.1


def sample(plane, y, x):
    """Bilinear; the border up to a pixel outside, and zero beyond."""
    height, width = plane.shape
    if not (-1 <= y <= height and -1 <= x <= width):
        return 0.0
    y, x = min(max(y, 0), height - 1), min(max(x, 0), width - 1)
    y0, x0 = math.floor(y), math.floor(x)
    y1, x1 = min(y0 + 1, height - 1), min(x0 + 1, width - 1)
    dy, dx = y - y0, x - x0
    top = plane[y0, x0] * (1 - dx) + plane[y0, x1] * dx
    bottom = plane[y1, x0] * (1 - dx) + plane[y1, x1] * dx
    return float(top * (1 - dy) + bottom * dy)


def definition(maps, rois, offset, ratio):
    """One sample after the other, as the paper and mmcv's kernel say."""
    out = maps.new_zeros(len(rois), maps.shape[1], *SIZE)
    for r, (image, *box) in enumerate(rois.tolist()):
        x1, y1, x2, y2 = (edge * SCALE - 0.5 for edge in box)
        high, wide = (y2 - y1) / SIZE[0], (x2 - x1) / SIZE[1]
        num_y, num_x = (ratio or math.ceil(side) for side in (high, wide))
        for p in range(SIZE[0]):
            for q in range(SIZE[1]):
                shift_x, shift_y = offset[r, :, p, q].tolist()
                top = y1 + p * high + GAMMA * (y2 - y1) * shift_y
                left = x1 + q * wide + GAMMA * (x2 - x1) * shift_x
                for c in range(maps.shape[1]):
                    values = [
                        sample(
                            maps[int(image), c],
                            top + (i + 0.5) * high / num_y,
                            left + (j + 0.5) * wide / num_x,
                        )
                        for i in range(num_y)
                        for j in range(num_x)
                    ]
                    out[r, c, p, q] = sum(values) / max(len(values), 1)
    return out


def inputs(generator, dtype=torch.float64):
    rois = torch.cat([make_rois(8, generator), torch.tensor(EDGE_ROIS)])
    maps = torch.randn(2, 3, 9, 12, generator=generator, dtype=dtype)
    offset = torch.randn(len(rois), 2, *SIZE, generator=generator, dtype=dtype)
    return maps, rois.to(dtype), offset


@pytest.mark.parametrize('ratio', [0, 2])
def test_equals_the_definition(generator, ratio):
    maps, rois, offset = inputs(generator)
    if ratio == 0:  # hundreds of samples in the largest
        rois, offset = rois[:4], offset[:4]
    found = deform_roi_pool(maps, rois, offset, SIZE, SCALE, ratio, GAMMA)
    expected = definition(maps, rois, offset, ratio)
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize('ratio', [0, 2])
def test_without_shifts_it_is_roi_align(generator, ratio):
    maps, rois, offset = inputs(generator, torch.float32)
    expected = portable_ops.roi_align(maps, rois, SIZE, SCALE, ratio, True)
    for shift in (None, 0 * offset):
        found = deform_roi_pool(maps, rois, shift, SIZE, SCALE, ratio)
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


def test_gradients(generator):
    maps, rois, offset = inputs(generator)
    settings = SIZE, SCALE, 2, GAMMA
    leaves = maps.requires_grad_(), offset.requires_grad_()
    assert torch.autograd.gradcheck(
        lambda m, o: deform_roi_pool(m, rois, o, *settings),
        leaves,
        fast_mode=True,
    )
    pooled = deform_roi_pool(maps, rois, offset, *settings)
    weight = torch.randn(pooled.shape, generator=generator).double()
    expected = torch.autograd.grad(pooled, leaves, weight)
    found = deform_roi_pool_backward(weight, maps, rois, offset, *settings)
    assert all(map(torch.equal, found, expected))


def test_no_roi_and_half_precision(generator):
    maps, rois, offset = inputs(generator, torch.float32)
    none = deform_roi_pool(maps, rois[:0], offset[:0], SIZE, SCALE)
    assert none.shape == (0, 3, *SIZE)
    expected = deform_roi_pool(maps, rois, offset, SIZE, SCALE, 2)
    found = deform_roi_pool(maps.half(), rois, offset.half(), SIZE, SCALE, 2)
    assert found.dtype == torch.half
    # A last bit of fp16 in maps of up to 4, and in shifts of half a pixel
    torch.testing.assert_close(found.float(), expected, rtol=0, atol=0.02)


def test_a_shift_for_each_bin(generator):
    maps, rois, offset = inputs(generator)
    with pytest.raises(ValueError, match=r'offset must be .R, 2, 3, 2., a sh'):
        deform_roi_pool(maps, rois, offset, (3, 2), SCALE)
    with pytest.raises(ValueError, match='offset must be .*R = 2'):
        deform_roi_pool(maps, rois[:2], offset, SIZE, SCALE)


def test_mmcv_s_modules_train(generator):
    ops = pytest.importorskip('mmcv.ops')
    maps, rois, _ = inputs(generator, torch.float32)
    for kind in (ops.DeformRoIPoolPack, ops.ModulatedDeformRoIPoolPack):
        layer = kind(SIZE, 3, spatial_scale=SCALE, sampling_ratio=2)
        out = layer(maps.requires_grad_(), rois)
        out.sum().backward()
        assert out.shape == (len(rois), 3, *SIZE)
        assert maps.grad.abs().sum() > 0
        assert layer.offset_fc[-1].bias.grad.abs().sum() > 0
