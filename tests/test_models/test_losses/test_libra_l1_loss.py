"""LibraL1Loss: reductions, weights, mmdet's values at beta = 1."""

import doctest
import math
import sys

import pytest
import torch
from mmdet.registry import MODELS

from dense_scene.models.losses.libra_l1_loss import LibraL1Loss

# Beyond beta = 1: gamma (x + 1 / b) - alpha with b = e^3 - 1.
B = math.expm1(3)
AT_1 = 1.5 * (1 + 1 / B) - 0.5
AT_2 = 1.5 * (2 + 1 / B) - 0.5
PRED = torch.tensor([[1.0, 1, 1, 1], [2, 2, 2, 0]])
TARGET = torch.zeros(2, 4)
TOTAL = 4 * AT_1 + 3 * AT_2


def test_reductions():
    loss = MODELS.build(dict(type='LibraL1Loss', loss_weight=2))
    assert loss(PRED, TARGET).item() == pytest.approx(2 * TOTAL / 8)
    assert loss(
        PRED, TARGET, reduction_override='sum'
    ).item() == pytest.approx(2 * TOTAL)
    none = loss(PRED, TARGET, reduction_override='none')
    assert none.flatten().tolist() == pytest.approx(
        [2 * AT_1] * 4 + [2 * AT_2] * 3 + [0]
    )


@pytest.mark.parametrize(
    'weight',
    [
        torch.tensor([3.0, 0.5]),  # per box: mmdet's does not broadcast it
        torch.tensor([[3.0] * 4, [0.5] * 4]),
    ],
)
def test_weights_and_avg_factor(weight):
    loss = LibraL1Loss()(PRED, TARGET, weight, avg_factor=8)
    assert loss.item() == pytest.approx((12 * AT_1 + 1.5 * AT_2) / 8)


@pytest.mark.parametrize(
    'kwargs', [{}, {'avg_factor': 1}, {'weight': torch.zeros(0, 4)}]
)
def test_no_box(kwargs):
    pred = torch.zeros(0, 4, requires_grad=True)
    loss = LibraL1Loss()(pred, torch.zeros(0, 4), **kwargs)
    loss.backward()
    assert loss.item() == 0


def test_zero_weight():
    pred = PRED.clone().requires_grad_()
    loss = LibraL1Loss()(pred, TARGET, torch.zeros(2, 4), avg_factor=1)
    loss.backward()
    assert loss.item() == 0
    assert torch.equal(pred.grad, torch.zeros(2, 4))


@pytest.mark.parametrize('count', [1, 600])
def test_equals_mmdet_at_beta_one(count, generator):
    pred, target, weight = (
        torch.rand(count, 4, generator=generator) * 3 for _ in range(3)
    )
    config = dict(alpha=0.4, gamma=1.2, loss_weight=2)
    ours = LibraL1Loss(**config)
    stock = MODELS.build(dict(type='BalancedL1Loss', **config))
    for kwargs in (
        {},
        {'avg_factor': 7.0},
        {'reduction_override': 'none'},
        {'reduction_override': 'sum'},
    ):
        torch.testing.assert_close(
            ours(pred, target, weight, **kwargs),
            stock(pred, target, weight, **kwargs),
        )


def test_a_perfect_box_rests_for_every_beta():
    # mmdet's slope there is alpha (1 / beta - 1) = 0.5 (1/2 - 1), not 0
    near = torch.full((1, 4), 1e-6, requires_grad=True)
    LibraL1Loss(beta=2.0)(near, torch.zeros(1, 4)).backward()
    assert near.grad.abs().max() < 1e-5


def test_errors_say_what_to_do():
    with pytest.raises(
        ValueError,
        match='beta must be a positive number, but got -1. The paper uses',
    ):
        MODELS.build(dict(type='LibraL1Loss', beta=-1))
    with pytest.raises(ValueError, match="reduction must be .* got 'avg'"):
        LibraL1Loss(reduction='avg')


def test_the_docstrings_example():
    result = doctest.testmod(sys.modules[LibraL1Loss.__module__])
    assert result.attempted == 2 and result.failed == 0
