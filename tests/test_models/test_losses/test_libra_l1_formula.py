"""Balanced L1: hand-derived values, its slope, mmdet's at beta = 1."""

import math

import pytest
import torch
from mmdet.models.losses.balanced_l1_loss import balanced_l1_loss

from dense_scene.models.losses.libra_l1_formula import libra_l1_loss

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


@pytest.mark.parametrize('count', [1, 600, 100_000])
def test_equals_mmdet_at_beta_one(count, generator):
    pred = torch.randn(count, 4, generator=generator)
    target = torch.randn(count, 4, generator=generator)
    torch.testing.assert_close(
        libra_l1_loss(pred, target, 0.4, 1.2),
        balanced_l1_loss(pred, target, alpha=0.4, gamma=1.2, reduction='none'),
        rtol=1e-6,
        atol=1e-6,
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


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_autocast_computes_in_float32(dtype):
    pred = torch.tensor([[0.1, 0.3, -2.0, 60000.0]], dtype=dtype)
    target = torch.zeros_like(pred)
    with torch.autocast('cpu', dtype=dtype):
        loss = libra_l1_loss(pred, target)
    assert loss.dtype == torch.float32
    assert torch.equal(loss, libra_l1_loss(pred.float(), target.float()))


def test_steepest_allowed_curve_is_finite():
    # gamma / alpha = 80, the limit: exp(80) is a float32 number
    loss = libra_l1_loss(
        torch.linspace(0, 2, 100), torch.zeros(100), 0.02, 1.6
    )
    assert loss.isfinite().all()


@pytest.mark.parametrize('name', ['alpha', 'gamma', 'beta'])
@pytest.mark.parametrize('value', [0, -1.0, math.inf, math.nan])
def test_parameters_must_be_positive(name, value):
    x = torch.zeros(1, 4)
    with pytest.raises(
        ValueError,
        match=f'{name} must be a positive number, '
        f'but got {value}. The paper uses alpha=0.5',
    ):
        libra_l1_loss(x, x, **{name: value})


def test_other_errors_say_what_to_do():
    x = torch.zeros(1, 4)
    with pytest.raises(
        ValueError,
        match='gamma / alpha must be at most 80, '
        r'but got 1.5 / 0.01 = 150. Raise alpha',
    ):
        libra_l1_loss(x, x, alpha=0.01)
    with pytest.raises(
        ValueError,
        match=r'same shape, but got \(1, 4\) and '
        r'\(4,\). Pass one target',
    ):
        libra_l1_loss(x, x[0])
