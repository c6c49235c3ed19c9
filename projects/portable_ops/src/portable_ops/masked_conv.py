"""Convolution at chosen places (guided anchoring, arXiv 1901.03278)."""

import torch
import torch.nn.functional as F
from torch import Tensor

from portable_ops.arguments import check_arguments
from portable_ops.opaque import traced


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
    _check_places(rows, columns, _output_size(maps, kernel, padding))
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
    _check_places(rows, columns, size)
    maps = values.new_zeros(1, len(values), *size)
    maps[0, :, rows, columns] = values
    return maps


def _output_size(
    maps: Tensor, kernel: tuple[int, int], padding: tuple[int, int]
) -> tuple[int, int]:
    height, width = (
        size + 2 * pad - side + 1
        for size, pad, side in zip(maps.shape[2:], padding, kernel)
    )
    return height, width


def _check_places(rows: Tensor, columns: Tensor, size: tuple) -> None:
    """A kernel would read and write beyond the maps."""
    if traced():
        return
    for name, index, length in zip(('rows', 'columns'), (rows, columns), size):
        wrong = (index < 0) | (index >= length)
        if wrong.any():
            raise ValueError(
                f'{name} must be in [0, {length}), but got '
                f'{int(index[wrong][0])}.'
            )
