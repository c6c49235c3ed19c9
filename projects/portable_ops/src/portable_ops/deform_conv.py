"""Deformable convolution, with and without modulation."""

from typing import Any

import torch
from torch import Tensor

from portable_ops.arguments import check_arguments
from portable_ops.conv_shape import (
    ConvShape,
    Pair,
    as_mmcv_reads,
    check_shapes,
    out_size,
)
from portable_ops.dtypes import compute_dtype
from portable_ops.sparse_rows import SparseRows, map_rows
from portable_ops.torchvision_kernels import torchvision_kernels


def deform_conv(
    maps: Tensor,
    offset: Tensor,
    weight: Tensor,
    mask: Tensor | None = None,
    bias: Tensor | None = None,
    *,
    shape: ConvShape,
) -> Tensor:
    """Convolution whose taps are moved by learned offsets.

    Source: `Deformable ConvNets <https://arxiv.org/abs/1703.06211>`_,
    Eq. (2), and with ``mask`` `v2 <https://arxiv.org/abs/1811.11168>`_,
    Eq. (1). Written with differentiable torch operations, so
    :func:`deform_conv_backward` is its automatic derivative. Differs from
    mmcv's kernels in that the batch is taken image by image, whatever
    mmcv's ``im2col_step`` says; the result does not depend on it.

    With a mask, ``offset`` and ``mask`` may be larger than the output:
    DyHead hands over those of the next finer level. mmcv then reads the
    first values of each image's memory as if they had the output's shape,
    so each tap gets the offset of another place. Published DyHead and GLIP
    weights were trained so, and here the result is the same.

    Args:
        maps: (N, C, H, W).
        offset: (N, 2 * G * kh * kw, Ho, Wo), G deform groups, for each of
            the kernel's taps the shift along y, then along x, in pixels.
        weight: (O, C / groups, kh, kw).
        mask: (N, G * kh * kw, Ho, Wo) factor of each tap, or None for 1.
        bias: (O,) or None.
        shape: Stride, padding, dilation, groups and deform groups.

    Returns:
        (N, O, Ho, Wo) in the dtype of ``maps``. Samples off the map count
        as zero; fp16 and bf16 are computed in fp32.

    Raises:
        ValueError: If ``offset`` or ``mask`` does not fit the others.
    """
    check_arguments(
        'deform_conv',
        maps=maps,
        offset=offset,
        weight=weight,
        mask=mask,
        bias=bias,
    )
    if mask is not None:
        size = out_size(maps, weight, shape)
        offset, mask = as_mmcv_reads(offset, size), as_mmcv_reads(mask, size)
    check_shapes(maps, offset, weight, mask, shape)
    dtype = compute_dtype(maps)
    # Only the values: at a sample a whole pixel off the map torchvision's
    # kernel has another gradient than mmcv's (see _samples).
    kernels = torchvision_kernels(maps.device)
    if kernels is not None and not torch.is_grad_enabled():
        tensors = (maps, weight, offset, mask, bias)
        return _by_kernel(kernels, tensors, dtype, shape).to(maps.dtype)
    images = [
        _one_image(
            maps[i : i + 1].to(dtype),
            offset[i].to(dtype),
            weight.to(dtype),
            None if mask is None else mask[i].to(dtype),
            shape,
        )
        for i in range(len(maps))
    ]
    out = torch.stack(images) if images else _no_image(offset, weight)
    if bias is not None:
        out = out + bias.to(dtype)[:, None, None]
    return out.to(maps.dtype)


def deform_conv_backward(
    grad_output: Tensor,
    inputs: dict[str, Tensor],
    wanted: tuple[str, ...],
    shape: ConvShape,
) -> tuple[Tensor, ...]:
    """Gradients of :func:`deform_conv`.

    The forward pass is run again rather than kept, as mmcv does: its sampled
    columns are nine times the size of the maps for a 3 x 3 kernel.

    Args:
        grad_output: (N, O, Ho, Wo).
        inputs: The tensor arguments of the forward pass by name.
        wanted: The names to differentiate with respect to.
        shape: As in the forward pass.

    Returns:
        One gradient per name in ``wanted``, in its shape and dtype.
    """
    leaves = {
        name: tensor.detach().requires_grad_(name in wanted)
        for name, tensor in inputs.items()
    }
    with torch.enable_grad():
        output = deform_conv(**leaves, shape=shape)
        return torch.autograd.grad(
            output, [leaves[name] for name in wanted], grad_output
        )


def _by_kernel(
    kernels: Any,
    tensors: tuple[Tensor, Tensor, Tensor, Tensor | None, Tensor | None],
    dtype: torch.dtype,
    shape: ConvShape,
) -> Tensor:
    """By torchvision's operator, which wants every tensor and a flag."""
    maps, weight, offset, mask, bias = tensors
    modulated = mask is not None
    mask = maps.new_zeros(len(maps), 1) if mask is None else mask
    bias = weight.new_zeros(len(weight)) if bias is None else bias
    pairs = (*shape.stride, *shape.padding, *shape.dilation)
    return kernels.deform_conv2d(
        *(
            x.to(dtype).contiguous()
            for x in (maps, weight, offset, mask, bias)
        ),
        *pairs,
        shape.groups,
        shape.deform_groups,
        modulated,
    )


def _no_image(offset: Tensor, weight: Tensor) -> Tensor:
    return weight.new_zeros(0, len(weight), *offset.shape[2:])


def _one_image(
    image: Tensor,
    offset: Tensor,
    weight: Tensor,
    mask: Tensor | None,
    shape: ConvShape,
) -> Tensor:
    """(O, Ho, Wo) of one (1, C, H, W) image."""
    channels_out, _, *kernel = weight.shape
    size = offset.shape[1:]
    y, x = _sample_points(offset, kernel, shape)
    factor = mask.reshape(y.shape) if mask is not None else None
    groups = shape.deform_groups
    # A row holds the channels of one deform group of one pixel.
    table = map_rows(image, image.dtype).view(-1, image.shape[1] // groups)
    samples = _samples(y, x, factor, image.shape[2:])
    columns = samples.matmul(table)
    # (G, k, L, C/G) -> (conv groups, C/groups * k, L)
    columns = columns.view(groups, y.shape[1], y.shape[2], -1)
    columns = columns.permute(0, 3, 1, 2).reshape(shape.groups, -1, y.shape[2])
    kernels = weight.reshape(shape.groups, channels_out // shape.groups, -1)
    return (kernels @ columns).view(channels_out, *size)


def _sample_points(
    offset: Tensor, kernel: Pair, shape: ConvShape
) -> tuple[Tensor, Tensor]:
    """(G, k, L) coordinates of the samples, k taps, L output places."""
    height, width = offset.shape[1:]
    taps = kernel[0] * kernel[1]
    shifts = offset.reshape(shape.deform_groups, taps, 2, height * width)

    def axis(size: int, which: int) -> Tensor:
        places = torch.arange(size, device=offset.device)
        return places * shape.stride[which] - shape.padding[which]

    def tap(which: int) -> Tensor:
        steps = torch.arange(kernel[which], device=offset.device)
        return steps * shape.dilation[which]

    base_y = axis(height, 0).repeat_interleave(width)
    base_x = axis(width, 1).repeat(height)
    tap_y = tap(0).repeat_interleave(kernel[1])[:, None]
    tap_x = tap(1).repeat(kernel[0])[:, None]
    y = shifts[:, :, 0] + (base_y + tap_y)
    x = shifts[:, :, 1] + (base_x + tap_x)
    return y, x


def _samples(
    y: Tensor, x: Tensor, factor: Tensor | None, map_size: Pair
) -> SparseRows:
    """Bilinear samples as sums of rows of a (H*W*G, C/G) table.

    A corner off the map weighs nothing, and so does a sample a whole pixel
    off, even in its gradient: under zero offsets padding puts many samples
    exactly there, and mmcv gives their offsets no gradient.
    """
    height, width = map_size
    groups = len(y)
    inside = (y > -1) & (y < height) & (x > -1) & (x < width)
    strength = inside if factor is None else inside * factor
    # Also keeps NaN and infinity out of the products below.
    y, x = torch.where(inside, y, 0.0), torch.where(inside, x, 0.0)
    group = torch.arange(groups, device=y.device)[:, None, None]
    columns, weights = [], []
    for row, weight_y in _corners(y, height):
        for column, weight_x in _corners(x, width):
            columns.append((row * width + column) * groups + group)
            weights.append(weight_y * weight_x * strength)
    columns = torch.stack(columns, -1).view(-1)
    sizes = torch.full((y.numel(),), 4, device=y.device)
    return SparseRows(columns, torch.stack(weights, -1).view(-1), sizes)


def _corners(points: Tensor, length: int) -> list[tuple[Tensor, Tensor]]:
    """The two pixels around each point and their weights, 0 off the map."""
    low = points.detach().floor()
    share = points - low
    pairs = []
    for pixel, weight in ((low, 1 - share), (low + 1, share)):
        exists = (pixel >= 0) & (pixel < length)
        index = pixel.clamp(0, length - 1).long()
        pairs.append((index, torch.where(exists, weight, 0.0)))
    return pairs
