"""Balanced L1 loss with a continuous slope."""

import math

import torch
from torch import Tensor

from .precision import at_least_float32

# exp(88) is near the largest float32; the loss multiplies it.
MAX_GAMMA_OVER_ALPHA = 80


def libra_l1_loss(
    pred: Tensor,
    target: Tensor,
    alpha: float = 0.5,
    gamma: float = 1.5,
    beta: float = 1.0,
) -> Tensor:
    r"""Balanced L1 loss of each number and its target.

    Source: Eq. (8) to (10) of `Libra R-CNN
    <https://arxiv.org/abs/1904.02701>`_, which states them for beta = 1;
    written from the paper. With x = \|pred - target\| and
    b = exp(gamma / alpha) - 1, the slope is

    .. math::
        L'(x) = \begin{cases}
            \alpha \ln(b x / \beta + 1) & x < \beta \\
            \gamma & x \ge \beta \end{cases}

    which is 0 at 0 and gamma on both sides of beta, for every beta, and

    .. math::
        L(x) = \begin{cases}
            \alpha \left[(x + \beta / b) \ln(b x / \beta + 1) - x\right]
                & x < \beta \\
            \gamma x + \gamma \beta / b - \alpha \beta & x \ge \beta
        \end{cases}

    Args:
        pred (Tensor): Any shape, usually (N, 4) encoded deltas.
        target (Tensor): The same shape.
        alpha (float): Growth of the slope for small errors. Positive.
            Defaults to 0.5.
        gamma (float): Largest slope. Positive, at most 80 * alpha.
            Defaults to 1.5.
        beta (float): Error from which the loss is linear, in the unit of
            ``pred``. Positive. Defaults to 1.0.

    Returns:
        Tensor: Loss of the same shape, float32 or float64.

    Raises:
        ValueError: If the shapes differ or a parameter is out of its range.
    """
    check_libra_l1(alpha, gamma, beta)
    if pred.shape != target.shape:
        raise ValueError(
            'pred and target must have the same shape, but got '
            f'{tuple(pred.shape)} and {tuple(target.shape)}. Pass one target '
            'per predicted number.'
        )
    pred, target = at_least_float32(pred, target)
    x = (pred - target).abs()
    b = math.expm1(gamma / alpha)
    curved = alpha * ((x + beta / b) * torch.log1p(b / beta * x) - x)
    linear = gamma * x + gamma * beta / b - alpha * beta
    return torch.where(x < beta, curved, linear)


def check_libra_l1(alpha: float, gamma: float, beta: float) -> None:
    """Refuse parameters for which the loss is not defined.

    Args:
        alpha, gamma, beta (float): See :func:`libra_l1_loss`.

    Raises:
        ValueError: If one is not positive and finite, or gamma / alpha is
            more than 80.
    """
    for name, value in (('alpha', alpha), ('gamma', gamma), ('beta', beta)):
        if not 0 < value < math.inf:
            raise ValueError(
                f'{name} must be a positive number, but got {value}. '
                'The paper uses alpha=0.5, gamma=1.5, beta=1.0.'
            )
    if gamma / alpha > MAX_GAMMA_OVER_ALPHA:
        raise ValueError(
            f'gamma / alpha must be at most {MAX_GAMMA_OVER_ALPHA}, but got '
            f'{gamma} / {alpha} = {gamma / alpha:g}. Raise alpha: exp(gamma /'
            ' alpha) has to fit in float32.'
        )
