"""Sigmoid focal loss by hand, against mmdet's formula and autograd."""

import math

import pytest
import torch
from mmdet.models.losses.focal_loss import py_sigmoid_focal_loss

import portable_ops


def test_by_hand():
    # Logit 0: p = 1/2. Class 0 is hit: 0.25 * (1/2)^2 * ln 2; class 1 is
    # missed: 0.75 * (1/2)^2 * ln 2.
    loss = portable_ops.sigmoid_focal_loss(
        torch.zeros(1, 2), torch.tensor([0])
    )
    unit = 0.25 * math.log(2)
    torch.testing.assert_close(
        loss, torch.tensor([[0.25 * unit, 0.75 * unit]])
    )


@pytest.fixture
def batch(generator):
    logits = 4 * torch.randn(600, 5, generator=generator)
    target = torch.randint(0, 6, (600,), generator=generator)  # 5: background
    return logits.double(), target


@pytest.mark.parametrize('gamma, alpha', [(2.0, 0.25), (0.0, 0.5), (1.5, 1)])
def test_value_and_gradient_equal_mmdets_formula(batch, gamma, alpha):
    logits, target = batch
    leaf = logits.clone().requires_grad_()
    one_hot = torch.nn.functional.one_hot(target, 6)[:, :5].double()
    expected = py_sigmoid_focal_loss(
        leaf, one_hot, gamma=gamma, alpha=alpha, reduction='none'
    )
    loss = portable_ops.sigmoid_focal_loss(
        logits, target, gamma=gamma, alpha=alpha
    )
    torch.testing.assert_close(loss, expected)
    (gradient,) = torch.autograd.grad(expected.sum(), leaf)
    torch.testing.assert_close(
        portable_ops.sigmoid_focal_loss_backward(
            logits, target, gamma=gamma, alpha=alpha
        ),
        gradient,
    )


def test_class_weights_scale_the_rows(batch):
    logits, target = batch
    weight = torch.tensor([2.0, 3, 4, 5, 6], dtype=torch.double)
    factor = torch.cat([weight, weight.new_ones(1)])[target][:, None]
    for function in (
        portable_ops.sigmoid_focal_loss,
        portable_ops.sigmoid_focal_loss_backward,
    ):
        plain = function(logits, target)
        torch.testing.assert_close(
            function(logits, target, weight), plain * factor
        )


def test_no_row():
    empty = torch.zeros(0, 3), torch.zeros(0, dtype=torch.long)
    assert portable_ops.sigmoid_focal_loss(*empty).shape == (0, 3)
    assert portable_ops.sigmoid_focal_loss_backward(*empty).shape == (0, 3)


def test_large_logits_stay_finite_and_bounded():
    """log p is bounded below by the smallest float: ln 1.18e-38 = -87.3."""
    logits = torch.tensor([[-1e4, 1e4]])
    target = torch.tensor([0])
    loss = portable_ops.sigmoid_focal_loss(logits, target)
    bound = -math.log(torch.finfo(torch.float32).tiny)
    torch.testing.assert_close(
        loss, torch.tensor([[0.25 * bound, 0.75 * bound]])
    )
    grad = portable_ops.sigmoid_focal_loss_backward(logits, target)
    torch.testing.assert_close(grad, torch.tensor([[-0.25, 0.75]]))


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_narrow_types_are_computed_in_fp32(batch, dtype):
    logits, target = batch
    logits = logits.to(dtype)
    wide = portable_ops.sigmoid_focal_loss(logits.float(), target)
    loss = portable_ops.sigmoid_focal_loss(logits, target)
    assert loss.dtype == dtype
    assert torch.equal(loss, wide.to(dtype))
