"""The pretended GPU refuses what CUDA refuses, and casts as it casts."""

import copy

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData
from torch import nn

from tests.pretend_device import AVAILABLE, pretend_gpu

pytestmark = pytest.mark.skipif(
    not AVAILABLE or torch.cuda.is_available(),
    reason='needs torch 2.9, and no CUDA device',
)


@pytest.fixture(autouse=True)
def device():
    with pretend_gpu() as found:
        yield found


def test_a_tensor_says_that_it_lies_on_the_device(device):
    one = torch.tensor(1.0)
    for tensor in (
        torch.ones(3, device='cuda'),
        torch.ones(3).cuda(),
        torch.ones(3).to('cuda:0'),
        torch.tensor([1.0, 1, 1], device=device),
        torch.ones(1, device=device).new_tensor([1.0, 1, 1]),
        torch.ones(1, device=device).new_tensor([one.cuda(), 1, one]),
        torch.ones(1, device=device).new_ones(3) * 1.0,
        torch.ones_like(torch.ones(3, device=device)),
    ):
        assert tensor.is_cuda and tensor.device == torch.device('cuda:0')
        assert tensor.cpu().tolist() == tensor.tolist() == [1, 1, 1]
        assert not tensor.cpu().is_cuda
    assert not torch.zeros(3).is_cuda


def forgotten_zeros(x):
    return x + torch.zeros(len(x))


def forgotten_concatenation(x):
    return torch.cat((x, torch.zeros(1)))


def forgotten_mask(x):
    return torch.zeros(3)[x > 0]


def forgotten_value(x):
    x[torch.tensor([0, 2])] = torch.zeros(2)


def forgotten_scalar(x):
    """CUDA takes scalars of the CPU element by element alone."""
    return torch.stack((x[0], torch.tensor(1.0)))


def forgotten_sum(x):
    return torch.zeros(3).index_add(0, torch.arange(3), x)


@pytest.mark.parametrize(
    ('mistake', 'operator'),
    [
        (forgotten_zeros, 'aten.add.Tensor'),
        (forgotten_concatenation, 'aten.cat'),
        (forgotten_mask, 'aten.index.Tensor'),
        (forgotten_value, 'aten.index_put'),
        (forgotten_scalar, 'aten.stack'),
        (forgotten_sum, 'aten.index_add'),
    ],
)
def test_mixed_devices_fail_with_the_operators_name(mistake, operator):
    with pytest.raises(RuntimeError, match=f'^{operator}.*CPU tensor'):
        mistake(torch.ones(3, device='cuda'))


def test_what_cuda_allows():
    x = torch.arange(3.0, device='cuda')
    assert (x * torch.tensor(2.0)).tolist() == [0, 2, 4]
    assert x[torch.tensor([2, 0])].tolist() == [2, 0]
    assert torch.where(x > 0, x, torch.tensor(-1.0)).tolist() == [-1, 1, 2]
    x[:2] = torch.tensor([5.0, 6.0])
    x[2] = torch.tensor(7.0)
    assert x.tolist() == [5, 6, 7]
    assert float(x.sum()) == 18


def test_numpy_needs_the_cpu():
    x = torch.ones(3, device='cuda')
    for read in (lambda t: t.numpy(), np.asarray):
        with pytest.raises(TypeError, match="can't convert cuda:0"):
            read(x)
    assert x.cpu().numpy().sum() == 3


class Counter(nn.Module):
    """A layer, and a tensor that is its buffer or is forgotten."""

    def __init__(self, moves):
        super().__init__()
        self.layer = nn.Linear(2, 2)
        self.register_buffer('moved', torch.ones(2))
        self.kept = torch.ones(2)
        self.moves = moves

    def forward(self, x):
        return self.layer(x) + (self.moved if self.moves else self.kept)


def test_a_tensor_that_is_no_buffer_stays_behind():
    x = torch.ones(1, 2, device='cuda')
    Counter(True).to('cuda')(x)
    with pytest.raises(RuntimeError, match='aten.add'):
        Counter(False).to('cuda')(x)


def test_training_is_that_of_the_cpu(device):
    torch.manual_seed(0)
    ours = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(1)
    )
    theirs = copy.deepcopy(ours)
    maps = torch.randn(2, 3, 6, 6)
    ours.to(device)
    for model, x in ((ours, maps.to(device)), (theirs, maps)):
        optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
        for _ in range(2):
            optimizer.zero_grad()
            model(x).square().mean().backward()
            optimizer.step()
    assert ours[0].weight.is_cuda and isinstance(ours[0].weight, nn.Parameter)
    for a, b in zip(ours.state_dict().values(), theirs.state_dict().values()):
        torch.testing.assert_close(a.cpu(), b)
    assert torch.equal(
        copy.deepcopy(ours)[0].weight.cpu(), ours[0].weight.cpu()
    )


def test_python_of_a_backward_pass_sees_the_device():
    class Twice(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return 2 * x

        @staticmethod
        def backward(ctx, grad):
            return grad * torch.tensor([2.0, 2.0], device=grad.device)

    x = torch.ones(2, device='cuda', requires_grad=True)
    Twice.apply(x).sum().backward()
    assert x.grad.is_cuda and x.grad.tolist() == [2, 2]


def test_autocast_is_that_of_cuda():
    x = torch.ones(2, 2, device='cuda')
    with torch.autocast('cuda', torch.bfloat16):
        half = x @ x
        assert half.dtype == torch.bfloat16
        # Unlike on the CPU sums, powers and exponentials are float32.
        assert half.sum().dtype == half.exp().dtype == torch.float32
        assert torch.cat((half, x)).dtype == torch.float32
        assert nn.functional.linear(x, half).dtype == torch.bfloat16
        with pytest.raises(RuntimeError, match='unsafe to autocast'):
            nn.functional.binary_cross_entropy(x, x)
        with torch.autocast('cuda', enabled=False):
            assert (x @ x).dtype == torch.float32
    assert (x @ x).dtype == torch.float32


def test_instances_are_indexed():
    data = InstanceData(scores=torch.arange(3.0, device='cuda'))
    assert data[data.scores > 0].scores.tolist() == [1, 2]
    assert data[data.scores.long()].scores.tolist() == [0, 1, 2]
    assert data.cpu().scores.numpy().tolist() == [0, 1, 2]
