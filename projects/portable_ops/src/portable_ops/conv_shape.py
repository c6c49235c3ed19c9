"""Hyper-parameters of a deformable convolution, and what must fit them."""

from dataclasses import dataclass

from torch import Tensor

Pair = tuple[int, int]


@dataclass(frozen=True)
class ConvShape:
    """The hyper-parameters of a convolution, each pair as (y, x)."""

    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    dilation: Pair = (1, 1)
    groups: int = 1
    deform_groups: int = 1


def out_size(maps: Tensor, weight: Tensor, shape: ConvShape) -> Pair:
    """Height and width of the output, by the maps' and the kernel's."""
    height, width = (
        (size + 2 * pad - dilation * (kernel - 1) - 1) // stride + 1
        for size, pad, dilation, kernel, stride in zip(
            maps.shape[2:],
            shape.padding,
            shape.dilation,
            weight.shape[2:],
            shape.stride,
        )
    )
    return height, width


def as_mmcv_reads(tensor: Tensor, size: Pair) -> Tensor:
    """What a kernel sees that takes (N, C, H, W) memory for (N, C, *size)."""
    channels, height, width = tensor.shape[1:]
    area = size[0] * size[1]
    if height * width <= area:
        return tensor
    seen = tensor.flatten(1)[:, : channels * area]
    return seen.reshape(len(tensor), channels, *size)


def check_shapes(
    maps: Tensor,
    offset: Tensor,
    weight: Tensor,
    mask: Tensor | None,
    shape: ConvShape,
) -> None:
    """ValueError, which names it, for a tensor that does not fit."""
    _check_groups(maps, weight, shape)
    size = out_size(maps, weight, shape)
    if min(size) < 1:
        raise ValueError(
            f'weight must have a kernel that fits into maps '
            f'{tuple(maps.shape)}, but got {tuple(weight.shape)}.'
        )
    taps = shape.deform_groups * weight.shape[2] * weight.shape[3]
    for name, tensor, channels in (
        ('offset', offset, 2 * taps),
        ('mask', mask, taps),
    ):
        want = (len(maps), channels, *size)
        if tensor is not None and tuple(tensor.shape) != want:
            raise ValueError(
                f'{name} must have shape {want} for maps '
                f'{tuple(maps.shape)} and weight {tuple(weight.shape)}, but '
                f'got {tuple(tensor.shape)}. Predict it with a convolution '
                'of the same kernel size, stride, padding and dilation.'
            )


def _check_groups(maps: Tensor, weight: Tensor, shape: ConvShape) -> None:
    channels, groups = maps.shape[1], shape.groups
    if channels != weight.shape[1] * groups or len(weight) % groups:
        raise ValueError(
            f'weight must have {channels} / {groups} input channels and a '
            f'multiple of {groups} output channels for maps '
            f'{tuple(maps.shape)}, but got {tuple(weight.shape)}.'
        )
    if channels % shape.deform_groups:
        raise ValueError(
            f'deform_groups must divide the {channels} channels of maps, but '
            f'got {shape.deform_groups}.'
        )
