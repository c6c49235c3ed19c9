"""What every box loss does: number formats, weights, no box, refusals."""

import pytest
import torch

from dense_scene.models.losses import CompleteIoULoss, LibraL1Loss
from dense_scene.testing import touching_row

LOSSES = [CompleteIoULoss, LibraL1Loss]


def value_and_grad(loss, pred, target, *args, **kwargs):
    pred = pred.clone().requires_grad_()
    value = loss(pred, target, *args, **kwargs)
    value.sum().backward()
    return value.detach(), pred.grad


@pytest.mark.parametrize('kind', LOSSES)
@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_autocast_computes_in_float32(kind, dtype):
    # 300 x 300 = 90,000 > 65,504: the area overflows float16.
    pred = torch.tensor([[0, 0, 300, 300]], dtype=dtype)
    target = torch.tensor([[0, 0, 300, 150]], dtype=dtype)
    with torch.autocast('cpu', dtype=dtype):
        value, grad = value_and_grad(kind(), pred, target)
    expected, slope = value_and_grad(kind(), pred.float(), target.float())
    assert value.dtype == torch.float32
    assert torch.equal(value, expected)
    assert torch.equal(grad, slope.to(dtype))


@pytest.mark.parametrize('kind', LOSSES)
def test_float64_is_kept_and_mixed_types_meet(kind):
    row = touching_row(3)
    assert kind()(row.double(), row).dtype == torch.float64
    assert kind()(row.half(), row).dtype == torch.float32
    assert kind()(row.long(), row).dtype == torch.float32


@pytest.mark.parametrize('kind', LOSSES)
@pytest.mark.parametrize('shape', [(2,), (2, 4)])
def test_zero_weight(kind, shape):
    pred, target = touching_row(2), touching_row(2) + 3
    found = value_and_grad(
        kind(), pred, target, torch.zeros(shape), avg_factor=1
    )
    assert found[0] == 0
    assert torch.equal(found[1], torch.zeros(2, 4))


@pytest.mark.parametrize('kind', LOSSES)
@pytest.mark.parametrize(
    'kwargs', [{}, {'avg_factor': 1}, {'weight': torch.zeros(0, 4)}]
)
def test_no_box(kind, kwargs):
    none = torch.zeros(0, 4)
    # A process without boxes still takes part in DDP: there is a graph.
    value, grad = value_and_grad(kind(), none, none, **kwargs)
    assert value == 0 and grad.shape == (0, 4)


@pytest.mark.parametrize('kind', LOSSES)
def test_refusals(kind):
    row = touching_row(3)
    with pytest.raises(ValueError, match=r'shape, but got \(3, 4\) and \(2'):
        kind()(row, row[:2])
    with pytest.raises(ValueError, match="reduction must be .* got 'avg'"):
        kind(reduction='avg')
    with pytest.raises(ValueError, match="reduction_override .* got 'max'"):
        kind()(row, row, reduction_override='max')
    with pytest.raises(ValueError, match='avg_factor can not be used'):
        kind(reduction='sum')(row, row, avg_factor=2)
