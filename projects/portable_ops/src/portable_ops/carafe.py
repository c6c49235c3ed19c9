"""CARAFE: content-aware reassembly of features (arXiv 1905.02188, Eq. 4).

Each output pixel is a weighted sum of the k x k input pixels around its
source; the weights are predicted, one set for each output pixel and group.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from portable_ops.arguments import check_arguments


def carafe(
    features: Tensor,
    masks: Tensor,
    kernel_size: int,
    group_size: int,
    scale_factor: int,
) -> Tensor:
    """Enlarge maps by predicted kernels.

    Args:
        features: (B, C, H, W); pixels outside count as 0.
        masks: (B, groups * k * k, s * H, s * W).
        kernel_size: k, odd.
        group_size: Number of groups; divides C.
        scale_factor: s.

    Returns:
        (B, C, s * H, s * W).

    Raises:
        ValueError: If ``masks`` does not fit ``features``.
    """
    check_arguments('carafe', features=features, masks=masks)
    batch, channels, height, width = features.shape
    if kernel_size % 2 == 0:
        raise ValueError(f'kernel_size must be odd, but got {kernel_size}.')
    if group_size < 1 or channels % group_size:
        raise ValueError(
            f'group_size must divide the {channels} channels of features, '
            f'but got {group_size}.'
        )
    s, radius = scale_factor, kernel_size // 2
    wanted = (batch, group_size * kernel_size**2, s * height, s * width)
    if tuple(masks.shape) != wanted:
        raise ValueError(
            f'masks must be {wanted} for features of '
            f'{tuple(features.shape)}, but got {tuple(masks.shape)}.'
        )
    weights = masks.view(batch, group_size, -1, height, s, width, s)
    padded = F.pad(features, [radius] * 4)
    padded = padded.view(batch, group_size, -1, *padded.shape[2:])
    out = features.new_zeros(
        batch, group_size, channels // group_size, height, s, width, s
    )
    # One tap of the kernel at a time: nothing larger than the output.
    for tap in range(kernel_size**2):
        top, left = divmod(tap, kernel_size)
        source = padded[..., top : top + height, left : left + width]
        out = out + (
            source[:, :, :, :, None, :, None] * weights[:, :, tap, None]
        )
    return out.reshape(batch, channels, s * height, s * width)


def carafe_backward(
    grad_output: Tensor,
    features: Tensor,
    masks: Tensor,
    kernel_size: int,
    group_size: int,
    scale_factor: int,
) -> tuple[Tensor, Tensor]:
    """Gradients of features and masks, by reassembling again."""
    inputs = [features.detach(), masks.detach()]
    for tensor in inputs:
        tensor.requires_grad_()
    with torch.enable_grad():
        output = carafe(*inputs, kernel_size, group_size, scale_factor)
    return torch.autograd.grad(output, inputs, grad_output)
