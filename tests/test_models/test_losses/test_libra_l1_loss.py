"""Balanced L1 loss: hand-derived values, its slope, mmdet's at beta = 1."""

import doctest
import math
import sys

import pytest
import torch
from mmdet.registry import MODELS

from dense_scene.models.losses.libra_l1_loss import LibraL1Loss, libra_l1_loss

BETAS = [0.1, 1 / 9, 0.5, 1.0, 2.0, 10.0]


def loss_and_slope(errors, **kwargs):
    """L(x) and L'(x) at the given errors, in float64."""
    x = torch.tensor(errors, dtype=torch.float64, requires_grad=True)
    loss = libra_l1_loss(x, torch.zeros_like(x), **kwargs)
    loss.sum().backward()
    return loss.detach().tolist(), x.grad.tolist()


def test_hand_derived():
    # alpha = 1, gamma = ln 2: b = 1. beta = 2:
    #   L(1) = (1 + 2) ln(3/2) - 1, slope ln(3/2)
    #   L(2) = 2 ln 2 + 2 ln 2 - 2, slope ln 2
    #   L(5) = 5 ln 2 + 2 ln 2 - 2, slope ln 2
    ln2, ln15 = math.log(2), math.log(1.5)
    loss, slope = loss_and_slope([0, 1, -1, 2, 5], alpha=1, gamma=ln2, beta=2)
    assert loss == pytest.approx(
        [0, 3 * ln15 - 1, 3 * ln15 - 1, 4 * ln2 - 2, 7 * ln2 - 2]
    )
    assert slope == pytest.approx([0, ln15, -ln15, ln2, ln2])


@pytest.mark.parametrize('beta', BETAS)
def test_slope_and_value_are_continuous(beta):
    near = 1e-9 * beta
    loss, slope = loss_and_slope([near, beta - near, beta + near], beta=beta)
    # L(0) = 0 with slope 0; gamma = 1.5 from both sides of beta
    assert slope == pytest.approx([0, 1.5, 1.5], abs=1e-7)
    # L(beta) = alpha [(beta + beta/b) ln(b + 1) - beta], ln(b + 1) = 3
    at_beta = 0.5 * (3 * (beta + beta / math.expm1(3)) - beta)
    assert loss == pytest.approx([0, at_beta, at_beta], abs=1e-7)


@pytest.mark.parametrize('beta', BETAS)
def test_slope_is_the_papers(beta):
    errors = [0.01, 0.05, 0.09]
    _, slope = loss_and_slope(errors, beta=beta)
    b = math.expm1(3)
    assert slope == pytest.approx(
        [0.5 * math.log(b * x / beta + 1) for x in errors]
    )


@pytest.mark.parametrize('beta', BETAS)
def test_gradcheck(beta, generator):
    x = torch.randn(40, 4, generator=generator, dtype=torch.float64)
    target = torch.zeros_like(x)
    assert torch.autograd.gradcheck(
        lambda p: libra_l1_loss(p, target, beta=beta), x.requires_grad_()
    )


def test_grows_with_the_error():
    x = torch.linspace(0, 5, 501, dtype=torch.float64)
    for beta in BETAS:
        loss = libra_l1_loss(x, torch.zeros_like(x), beta=beta)
        assert (loss.diff() > 0).all()


def test_no_box_and_equal_boxes():
    assert libra_l1_loss(torch.zeros(0, 4), torch.zeros(0, 4)).shape == (0, 4)
    x = torch.ones(3, 4, requires_grad=True)
    loss = libra_l1_loss(x, torch.ones(3, 4), beta=0.5)
    loss.sum().backward()
    assert not loss.any()
    assert not x.grad.any()


def test_steepest_allowed_curve_is_finite():
    # gamma / alpha = 80, the limit: exp(80) is a float32 number
    errors = torch.linspace(0, 2, 400).view(-1, 4)
    loss = LibraL1Loss(0.02, 1.6)(errors, torch.zeros(100, 4))
    assert loss.isfinite()


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
    total = loss(PRED, TARGET, reduction_override='sum')
    assert total.item() == pytest.approx(2 * TOTAL)
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


@pytest.mark.parametrize('count', [1, 600])
def test_equals_mmdet_at_beta_one(count, generator):
    pred, target, weight = (
        torch.randn(count, 4, generator=generator) for _ in range(3)
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
            ours(pred, target, weight.abs(), **kwargs),
            stock(pred, target, weight.abs(), **kwargs),
        )


def test_a_perfect_box_rests_for_every_beta():
    # mmdet's slope there is alpha (1 / beta - 1) = 0.5 (1/2 - 1), not 0
    near = torch.full((1, 4), 1e-6, requires_grad=True)
    LibraL1Loss(beta=2.0)(near, torch.zeros(1, 4)).backward()
    assert near.grad.abs().max() < 1e-5


@pytest.mark.parametrize('name', ['alpha', 'gamma', 'beta'])
@pytest.mark.parametrize('value', [0, -1.0, math.inf, math.nan])
def test_parameters_must_be_positive(name, value):
    with pytest.raises(ValueError, match=f'{name} must be .* got {value}'):
        MODELS.build({'type': 'LibraL1Loss', name: value})


def test_the_curve_must_not_be_too_steep():
    # exp(1.5 / 0.01) is beyond float32
    with pytest.raises(ValueError, match='gamma / alpha must be .* got 150'):
        LibraL1Loss(alpha=0.01)


def test_the_docstrings_example():
    result = doctest.testmod(sys.modules[LibraL1Loss.__module__])
    assert result.attempted == 1 and result.failed == 0
