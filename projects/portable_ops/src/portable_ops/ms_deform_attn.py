"""Multi-scale deformable attention (Deformable DETR, arXiv 2010.04159, Eq. 3).

    out[q] = sum over levels l and points p of a[q, l, p] * v_l(x[q, l, p])

for each head, where v_l(x) is the bilinear sample of level l at x in [0, 1]^2
and zero outside.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from portable_ops.arguments import check_arguments
from portable_ops.ms_deform_attn_rows import (
    attention_by_rows,
    gradients_by_rows,
)
from portable_ops.opaque import opaque


def _fake_attention(value, shapes, locations, weights):
    heads, dim = value.shape[2:]
    return value.new_empty(len(value), locations.shape[1], heads * dim)


@opaque(
    'ms_deform_attn(Tensor value, Tensor shapes, Tensor locations, '
    'Tensor weights) -> Tensor',
    _fake_attention,
)
def ms_deform_attn(
    value: Tensor, shapes: Tensor, locations: Tensor, weights: Tensor
) -> Tensor:
    """Sample every level at the points of each query; sum with weights.

    Args:
        value: (B, S, heads, D), the levels one after the other.
        shapes: (L, 2) integer, height and width of each level; their
            products sum to S.
        locations: (B, Q, heads, L, P, 2), x and y in [0, 1] of the level.
        weights: (B, Q, heads, L, P).

    Returns:
        (B, Q, heads * D).

    Raises:
        ValueError: If the shapes of the arguments do not fit together.
    """
    if not isinstance(shapes, Tensor):
        raise TypeError(
            f'shapes must be a tensor, but got {type(shapes).__name__}.'
        )
    if shapes.dim() != 2 or shapes.shape[1] != 2:
        raise ValueError(
            f'shapes must be (levels, 2), but got {tuple(shapes.shape)}.'
        )
    sizes = _sizes(shapes)
    _check(value, sizes, locations, weights)
    check_arguments(
        'ms_deform_attn',
        value=value,
        sampling_locations=locations,
        attention_weights=weights,
    )
    inputs = value, locations, weights
    if _on_cpu(*inputs) and not _needs_gradient(*inputs):
        return attention_by_rows(value, sizes, locations, weights)
    batch, _, heads, dim = value.shape
    queries = locations.shape[1]
    # Head by head, as images of D channels: (B * heads, D, S).
    maps = value.permute(0, 2, 3, 1).flatten(0, 1)
    grids = (2 * locations - 1).permute(3, 0, 2, 1, 4, 5).flatten(1, 2)
    sampled = [
        F.grid_sample(level.reshape(-1, dim, *size), grid, align_corners=False)
        for level, size, grid in zip(
            maps.split([h * w for h, w in sizes], dim=2), sizes, grids
        )
    ]
    # (B * heads, D, Q, L * P) times (B * heads, Q, L * P, 1)
    weights = weights.transpose(1, 2).flatten(3).flatten(0, 1)[:, None]
    samples = torch.cat(sampled, dim=3)
    out = (samples * weights).sum(dim=3)
    return out.view(batch, heads * dim, queries).transpose(1, 2).contiguous()


def ms_deform_attn_backward(
    value: Tensor,
    shapes: Tensor,
    locations: Tensor,
    weights: Tensor,
    grad_output: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of value, locations and weights.

    On the CPU of a sum of rows, which needs no second forward pass; else by
    sampling again.
    """
    inputs = value, locations, weights
    if _on_cpu(*inputs):
        sizes = _sizes(shapes)
        return gradients_by_rows(value, sizes, locations, weights, grad_output)
    inputs = [tensor.detach().requires_grad_() for tensor in inputs]
    with torch.enable_grad():
        output = ms_deform_attn(inputs[0], shapes, inputs[1], inputs[2])
    return torch.autograd.grad(output, inputs, grad_output.view_as(output))


def _sizes(shapes: Tensor) -> list[tuple[int, int]]:
    """Height and width of each level."""
    return [(int(height), int(width)) for height, width in shapes.tolist()]


def _on_cpu(*tensors: Tensor) -> bool:
    return all(tensor.device.type == 'cpu' for tensor in tensors)


def _needs_gradient(*tensors: Tensor) -> bool:
    needed = any(tensor.requires_grad for tensor in tensors)
    return needed and torch.is_grad_enabled()


def _check(
    value: Tensor,
    sizes: list[tuple[int, int]],
    locations: Tensor,
    weights: Tensor,
) -> None:
    total = sum(h * w for h, w in sizes)
    if value.dim() != 4 or value.shape[1] != total:
        raise ValueError(
            f'value must be (batch, {total}, heads, channels) for levels of '
            f'{sizes}, but got {tuple(value.shape)}.'
        )
    batch, _, heads, _ = value.shape
    wanted = (batch, heads, len(sizes))
    shape = locations.shape
    if locations.dim() != 6 or (shape[0], *shape[2:4], shape[5]) != (
        *wanted,
        2,
    ):
        raise ValueError(
            'sampling_locations must be (batch, queries, heads, levels, '
            f'points, 2) with batch, heads, levels = {wanted}, but got '
            f'{tuple(shape)}.'
        )
    if weights.shape != shape[:-1]:
        raise ValueError(
            f'attention_weights must be {tuple(shape[:-1])}, but got '
            f'{tuple(weights.shape)}.'
        )
