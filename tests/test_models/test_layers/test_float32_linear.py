"""Float32Linear: nn.Linear but for autocast."""

import torch
from torch import nn

from dense_scene.models.heads.dense_bbox_head import DenseBBoxHead
from dense_scene.models.layers.float32_linear import Float32Linear

X = torch.rand(5, 8, generator=torch.Generator().manual_seed(0))


def test_without_autocast_it_is_the_parent():
    layer = Float32Linear(8, 4)
    expected = nn.functional.linear(X, layer.weight, layer.bias)
    assert torch.equal(layer(X), expected)


def test_autocast_rounds_the_input_but_not_the_result():
    layer, rounded = Float32Linear(8, 4), X.bfloat16()
    expected = nn.functional.linear(rounded.float(), layer.weight, layer.bias)
    with torch.autocast('cpu', torch.bfloat16):
        found = layer(rounded)
        again = layer(X)
        assert nn.Linear(8, 4)(X).dtype == torch.bfloat16
    assert found.dtype == torch.float32 and torch.equal(found, expected)
    assert torch.equal(again, nn.functional.linear(X, *layer.parameters()))
    found.sum().backward()
    assert layer.weight.grad.dtype == torch.float32


def test_half_weights_keep_their_type():
    layer = Float32Linear(8, 4).bfloat16()
    assert layer(X).dtype == torch.bfloat16


def test_the_deltas_of_a_box_head_stay_float32():
    head = DenseBBoxHead(
        in_channels=2, fc_out_channels=4, roi_feat_size=1, num_classes=1
    )
    with torch.autocast('cpu', torch.bfloat16):
        scores, deltas = head(torch.rand(3, 2, 1, 1))
    assert scores.dtype == torch.bfloat16
    assert deltas.dtype == torch.float32
