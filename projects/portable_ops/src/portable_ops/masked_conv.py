"""Convolution at chosen places (guided anchoring, arXiv 1901.03278)."""

import torch
import torch.nn.functional as F
from torch import Tensor

from portable_ops.arguments import check_arguments


def masked_im2col(
    maps: Tensor,
    rows: Tensor,
    columns: Tensor,
    kernel: tuple[int, int],
    padding: tuple[int, int],
) -> Tensor:
    """The windows at some places, as columns; stride 1.

    Args:
        maps: (1, C, H, W).
        rows, columns: (N,) integer, places of the output.
        kernel: Height and width.
        padding: Zeros above and left.

    Returns:
        (C * kernel height * kernel width, N).
    """
    check_arguments('masked_im2col', maps=maps, rows=rows, columns=columns)
    padded = F.pad(maps[0], (padding[1], padding[1], padding[0], padding[0]))
    dy, dx = torch.meshgrid(
        torch.arange(kernel[0], device=maps.device),
        torch.arange(kernel[1], device=maps.device),
        indexing='ij',
    )
    windows = padded[
        :, rows[None] + dy.reshape(-1, 1), columns[None] + dx.reshape(-1, 1)
    ]
    return windows.flatten(0, 1)


def masked_col2im(
    values: Tensor, rows: Tensor, columns: Tensor, size: tuple[int, int]
) -> Tensor:
    """(1, C, *size), the (C, N) values at their places and 0 elsewhere."""
    check_arguments('masked_col2im', values=values, rows=rows, columns=columns)
    maps = values.new_zeros(1, len(values), *size)
    maps[0, :, rows, columns] = values
    return maps
