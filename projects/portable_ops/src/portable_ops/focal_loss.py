"""Sigmoid focal loss."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from portable_ops.arguments import check_arguments
from portable_ops.dtypes import compute_dtype

# mmcv's kernels bound probabilities from below by the smallest normal float
# before taking the logarithm.
_LOG_MIN = math.log(torch.finfo(torch.float32).tiny)


def sigmoid_focal_loss(
    logits: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    gamma: float = 2.0,
    alpha: float = 0.25,
) -> Tensor:
    """Focal loss of independent sigmoids, not reduced.

    Source: `Focal Loss <https://arxiv.org/abs/1708.02002>`_, Eq. (5). With p
    the probability, the class of the target costs -alpha (1 - p)^gamma log p
    and every other class -(1 - alpha) p^gamma log(1 - p). Differs from
    mmcv's, which is compiled for CUDA only, in that it runs on the CPU too
    and takes 1 - p from sigmoid(-x), so that a large logit loses no digits.

    Args:
        logits: (N, C).
        target: (N,) int64 class; any value that is no class, C by
            convention, is background.
        weight: (C,) factor of a row by its class, or None; background rows
            have the factor 1.
        gamma: Exponent, >= 0.
        alpha: Weight of the class of the target.

    Returns:
        (N, C) in the dtype of ``logits``; fp16 and bf16 computed in fp32.
    """
    check_arguments(
        'sigmoid_focal_loss', logits=logits, target=target, weight=weight
    )
    x = logits.to(compute_dtype(logits))
    hit = _hits(x, target)
    p, q = x.sigmoid(), (-x).sigmoid()
    log_p = F.logsigmoid(x).clamp(min=_LOG_MIN)
    log_q = F.logsigmoid(-x).clamp(min=_LOG_MIN)
    loss = torch.where(
        hit, -alpha * q**gamma * log_p, (alpha - 1) * p**gamma * log_q
    )
    return (loss * _row_weight(x, target, weight)).to(logits.dtype)


def sigmoid_focal_loss_backward(
    logits: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    gamma: float = 2.0,
    alpha: float = 0.25,
) -> Tensor:
    """Derivative of each element of :func:`sigmoid_focal_loss`.

    With q = 1 - p: -alpha q^gamma (q - gamma p log p) for the class of the
    target, (1 - alpha) p^gamma (p - gamma q log q) for the others.

    Args:
        logits, target, weight, gamma, alpha: As in the forward pass.

    Returns:
        (N, C) in the dtype of ``logits``.
    """
    x = logits.to(compute_dtype(logits))
    hit = _hits(x, target)
    p, q = x.sigmoid(), (-x).sigmoid()
    log_p = F.logsigmoid(x).clamp(min=_LOG_MIN)
    log_q = F.logsigmoid(-x).clamp(min=_LOG_MIN)
    grad = torch.where(
        hit,
        -alpha * q**gamma * (q - gamma * p * log_p),
        (1 - alpha) * p**gamma * (p - gamma * q * log_q),
    )
    return (grad * _row_weight(x, target, weight)).to(logits.dtype)


def _hits(logits: Tensor, target: Tensor) -> Tensor:
    classes = torch.arange(logits.shape[1], device=logits.device)
    return target[:, None] == classes


def _row_weight(
    logits: Tensor, target: Tensor, weight: Tensor | None
) -> Tensor:
    if weight is None or weight.numel() == 0:
        return logits.new_ones(())
    known = (target >= 0) & (target < len(weight))
    row = weight.to(logits.dtype)[target.clamp(0, len(weight) - 1)]
    return torch.where(known, row, 1.0)[:, None]
