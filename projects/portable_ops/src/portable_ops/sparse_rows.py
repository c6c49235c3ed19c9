"""Weighted sums of the rows of a table: what RoIAlign and DCN come down to.

Both operators read bilinear samples of a feature map. Written as a table
with one row of channels per pixel, each output is a weighted sum of a few
rows, and the gradient with respect to the table is the same operation with
the sparse matrix transposed. ``embedding_bag`` runs it threaded, vectorised
over channels, and without ever storing the gathered rows.

Building the matrix takes dozens of short operations. On the CPU they are
numpy's: torch splits each over its threads, and where the cores are busy,
with data loaders say, every join then waits for a time slice.
"""

from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor


class SparseRows(NamedTuple):
    """A sparse matrix by rows, each row a bag of (column, weight) pairs.

    Attributes:
        columns: (T,) int64, the table row that each entry reads.
        weights: (T,) floating point, its factor.
        sizes: (B,) int64, the number of entries of each bag; they sum to T.
    """

    columns: Tensor
    weights: Tensor
    sizes: Tensor

    def matmul(self, table: Tensor) -> Tensor:
        """The (B, C) weighted sums of the rows of ``table`` (M, C)."""
        return F.embedding_bag(
            self.columns,
            table,
            self.sizes.cumsum(0) - self.sizes,
            mode='sum',
            per_sample_weights=self.weights,
        )

    def transpose(self, num_columns: int) -> 'SparseRows':
        """The transposed matrix, with ``num_columns`` bags.

        Its product sums in a fixed order, so unlike a scatter with atomics
        the gradients it gives are the same in every run.
        """
        columns, sizes = as_array(self.columns), as_array(self.sizes)
        order = _stable_order(columns, num_columns)
        bags = repeat_each(arange_like(len(sizes), sizes), sizes)
        return SparseRows(
            columns=torch.as_tensor(bags[order]),
            weights=torch.as_tensor(as_array(self.weights)[order]),
            sizes=torch.bincount(self.columns, minlength=num_columns),
        )


Array = np.ndarray | Tensor


def as_array(tensor: Tensor) -> Array:
    """The same memory as a numpy array on the CPU, else the tensor."""
    return tensor.numpy() if tensor.device.type == 'cpu' else tensor


def arange_like(count: int, array: Array) -> Array:
    """0, 1, .. in the library and on the device of ``array``, int64."""
    if isinstance(array, np.ndarray):
        return np.arange(count)
    return torch.arange(count, device=array.device)


def concatenated_ranges(starts: Array, sizes: Array) -> tuple[Array, Array]:
    """Ranges ``start, start + 1, ..`` of the given sizes, end to end.

    Args:
        starts: (B,) int64.
        sizes: (B,) int64, not negative.

    Returns:
        Two (sum(sizes),) int64 arrays of the kind that was given: the number
        of the range that each element belongs to, and the element.

    Example:
        >>> concatenated_ranges(torch.tensor([7, 3]), torch.tensor([1, 2]))
        (tensor([0, 1, 1]), tensor([7, 3, 4]))
    """
    owner = repeat_each(arange_like(len(sizes), sizes), sizes)
    shift = starts - (sizes.cumsum(0) - sizes)
    return owner, shift[owner] + arange_like(len(owner), sizes)


def repeat_each(values: Array, times: Array) -> Array:
    """The first of (B,) values so many times, then the second, and so on."""
    if isinstance(values, np.ndarray):
        return values.repeat(times)
    return values.repeat_interleave(times)


def _stable_order(columns: Array, num_columns: int) -> Array:
    """Indices that sort (T,) int64 below ``num_columns``, at most 2**32."""
    if not isinstance(columns, np.ndarray):
        return columns.sort(stable=True).indices
    # numpy sorts 16 bits by counting: two passes take half the time of
    # torch's sort of 64 bits.
    order = columns.astype(np.uint16).argsort(kind='stable')
    if num_columns > 1 << 16:
        high = (columns >> 16).astype(np.uint16)
        order = order[high[order].argsort(kind='stable')]
    return order


def map_rows(maps: Tensor, dtype: torch.dtype) -> Tensor:
    """(N, C, H, W) feature maps as a contiguous (N*H*W, C) table."""
    num, channels, height, width = maps.shape
    rows = maps.to(dtype).permute(0, 2, 3, 1).contiguous()
    return rows.view(num * height * width, channels)


def copy_rows_to_maps(rows: Tensor, maps: Tensor) -> None:
    """Write a (N*H*W, C) table into (N, C, H, W) feature maps.

    Image by image because torch has a blocked transpose for two-dimensional
    copies only: four times faster than one four-dimensional copy.
    """
    num, channels, height, width = maps.shape
    tables = rows.view(num, height, width, channels)
    for table, image in zip(tables, maps):
        if image.is_contiguous():
            image.view(channels, -1).copy_(table.view(-1, channels).t())
        else:
            image.copy_(table.permute(2, 0, 1))
