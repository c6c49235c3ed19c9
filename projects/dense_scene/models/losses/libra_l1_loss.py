"""Balanced L1 loss with a continuous slope."""

import math

import torch
from mmdet.registry import MODELS
from torch import Tensor

from ...utils import checks
from .regression_loss import RegressionLoss

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
        pred, target (Tensor): Any shape, that of the result; usually (N, 4)
            encoded deltas, float32 or float64.
        alpha, gamma, beta (float): See :class:`LibraL1Loss`.
    """
    x = (pred - target).abs()
    b = math.expm1(gamma / alpha)
    curved = alpha * ((x + beta / b) * torch.log1p(b / beta * x) - x)
    linear = gamma * x + gamma * beta / b - alpha * beta
    return torch.where(x < beta, curved, linear)


@MODELS.register_module()
class LibraL1Loss(RegressionLoss):
    """Balanced L1 loss whose slope is continuous for every beta.

    Source and formula: :func:`libra_l1_loss`.

    Differs from ``mmdet.BalancedL1Loss`` for beta != 1 only: there the slope
    of that one is alpha * (1 / beta - 1) at 0, so that it pushes a perfect
    prediction away (beta > 1) or never settles (beta < 1). At beta = 1 the
    two are equal. A weight of shape (N,) counts once per box.

    Args:
        alpha (float): Growth of the slope for small errors. Positive.
            Defaults to 0.5.
        gamma (float): Largest slope. Positive, at most 80 * alpha.
            Defaults to 1.5.
        beta (float): Error from which the loss is linear, in the unit of
            the encoded deltas. Positive. Defaults to 1.0.
        reduction, loss_weight: Of :class:`RegressionLoss`.

    Shape:
        pred, target: (N, 4), encoded deltas (``reg_decoded_bbox=False``).
        weight: (N,) or (N, 4). Output: (), or (N, 4) for 'none'. No boxes
        give 0.

    Example:
        >>> # beyond beta: gamma (x + beta / b) - alpha beta, b = e^3 - 1
        >>> LibraL1Loss()(torch.zeros(1, 4), torch.ones(1, 4))
        tensor(1.0786)
    """

    def __init__(
        self,
        alpha: float = 0.5,
        gamma: float = 1.5,
        beta: float = 1.0,
        reduction: str = 'mean',
        loss_weight: float = 1.0,
    ) -> None:
        super().__init__(reduction, loss_weight)
        self.alpha = checks.number('alpha', alpha, '(0, inf)')
        self.gamma = checks.number('gamma', gamma, '(0, inf)')
        self.beta = checks.number('beta', beta, '(0, inf)')
        most = f'(0, {MAX_GAMMA_OVER_ALPHA}]'
        checks.number('gamma / alpha', self.gamma / self.alpha, most)

    def unreduced(self, pred: Tensor, target: Tensor) -> Tensor:
        """Loss of each number, (N, 4)."""
        return libra_l1_loss(pred, target, self.alpha, self.gamma, self.beta)
