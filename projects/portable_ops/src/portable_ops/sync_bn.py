"""The steps of synchronized batch normalization between its reductions.

mmcv averages what these give over the processes. Inputs are (N, C, S); the
statistics (C,) are float32, whatever the input.
"""

from torch import Tensor


def batch_mean(maps: Tensor) -> Tensor:
    """Mean of each channel, (C,) float32."""
    return maps.float().mean(dim=(0, 2))


def batch_variance(maps: Tensor, mean: Tensor) -> Tensor:
    """Mean squared distance of each channel from ``mean``, (C,) float32."""
    return (maps.float() - mean[:, None]).square().mean(dim=(0, 2))


def normalize(
    maps: Tensor,
    mean: Tensor,
    variance: Tensor,
    weight: Tensor,
    bias: Tensor,
    eps: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """The output and the normalized input, (N, C, S), and its divisor."""
    std = (variance + eps).sqrt()
    norm = (maps.float() - mean[:, None]) / std[:, None]
    output = norm * weight.float()[:, None] + bias.float()[:, None]
    return output.to(maps.dtype), norm, std


def update_running(
    running: Tensor, statistic: Tensor, momentum: float | Tensor
) -> None:
    """Move a running statistic in place towards that of this batch."""
    running.copy_((1 - momentum) * running + momentum * statistic)


def unbiased(variance: Tensor, count: int) -> Tensor:
    """Bessel's correction for ``count`` values."""
    return variance * count / (count - 1) if count > 1 else variance


def gradients_of_parameters(
    grad_output: Tensor, norm: Tensor
) -> tuple[Tensor, Tensor]:
    """Of weight and bias, each (C,) float32."""
    grad = grad_output.float()
    return (grad * norm).sum(dim=(0, 2)), grad.sum(dim=(0, 2))


def gradient_of_input(
    grad_output: Tensor,
    weight: Tensor,
    grad_weight: Tensor,
    grad_bias: Tensor,
    norm: Tensor,
    std: Tensor,
) -> Tensor:
    """(N, C, S); the statistics depend on the input as well."""
    count = norm.shape[0] * norm.shape[2]
    shared = norm * grad_weight[:, None] + grad_bias[:, None]
    scale = (weight / std)[:, None]
    grad = scale * (grad_output.float() - shared / count)
    return grad.to(grad_output.dtype)
