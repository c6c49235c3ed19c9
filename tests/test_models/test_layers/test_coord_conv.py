"""CoordConv: what it adds, and that mmcv builds it."""

import pytest
import torch
from mmcv.cnn import ConvModule
from mmengine.registry import init_default_scope

from dense_scene.models.layers.coord_conv import CoordConv, coordinate_maps


def test_coordinates_by_hand():
    x, y = coordinate_maps(torch.zeros(2, 7, 2, 3))[1]
    assert x.tolist() == [[-1, 0, 1], [-1, 0, 1]]
    assert y.tolist() == [[-1, -1, -1], [1, 1, 1]]


@pytest.mark.parametrize('dtype', [torch.float32, torch.bfloat16])
def test_one_pixel_and_dtype(dtype):
    maps = coordinate_maps(torch.zeros(1, 4, 1, 1, dtype=dtype))
    assert maps.dtype == dtype
    assert maps.flatten().tolist() == [-1, -1]


def test_the_last_two_weights_multiply_x_and_y():
    """3 * input + 10 * x + 100 * y + 0.5, on two rows and two columns."""
    conv = CoordConv(1, 1, 1)
    with torch.no_grad():
        conv.weight.copy_(torch.tensor([3.0, 10.0, 100.0]).view(1, 3, 1, 1))
        conv.bias.fill_(0.5)
    out = conv(torch.tensor([[[[0.0, 1.0], [2.0, 3.0]]]]))
    expected = [
        [0 - 10 - 100 + 0.5, 3 + 10 - 100 + 0.5],
        [6 - 10 + 100 + 0.5, 9 + 10 + 100 + 0.5],
    ]
    assert out[0, 0].tolist() == expected


def test_mmcv_builds_it_by_name():
    init_default_scope('mmdet')
    module = ConvModule(4, 8, 3, padding=1, conv_cfg=dict(type='CoordConv'))
    assert module.conv.weight.shape == (8, 6, 3, 3)
    assert module(torch.rand(1, 4, 5, 7)).shape == (1, 8, 5, 7)
