"""Multi-scale deformable attention as weighted sums of rows, on the CPU.

``value`` as it comes is a table with a row for each pixel and head. The output
of a query and head is a weighted sum of four rows for each of its points:
``grid_sample`` would first copy the table, and store all samples.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from portable_ops.dtypes import compute_dtype
from portable_ops.sparse_rows import SparseRows


class _Points(NamedTuple):
    """N = B * Q * heads bags of K = levels * points samples, in numpy.

    Attributes:
        size: (2, K), width and height of the level of each sample.
        rows: (N, 2, 2, K) int64, the rows of the pixels around it: above and
            below, left and right; of the nearest pixel if outside.
        shares: (2, 2, N, K), of x and y, of the lower and the upper pixel;
            0 if it is outside.
        inside: (2, 2, N, K), 1 or 0.
    """

    size: np.ndarray
    rows: np.ndarray
    shares: np.ndarray
    inside: np.ndarray


def attention_by_rows(
    value: Tensor,
    sizes: list[tuple[int, int]],
    locations: Tensor,
    weights: Tensor,
) -> Tensor:
    """As :func:`portable_ops.ms_deform_attn.ms_deform_attn`, no gradient."""
    table, points, factors = _prepare(value, sizes, locations, weights)
    entries = _entry_weights(points.shares, factors)
    rows = _as_sparse(points.rows, entries).matmul(table)
    batch, queries = locations.shape[:2]
    return rows.view(batch, queries, table.shape[1] * value.shape[2]).to(
        value.dtype
    )


def gradients_by_rows(
    value: Tensor,
    sizes: list[tuple[int, int]],
    locations: Tensor,
    weights: Tensor,
    grad_output: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:
    """Of value, locations and weights."""
    table, points, factors = _prepare(value, sizes, locations, weights)
    grad = grad_output.reshape(-1, table.shape[1]).to(table.dtype)
    entries = _entry_weights(points.shares, factors)
    matrix = _as_sparse(points.rows, entries)
    grad_table = matrix.transpose(len(table)).matmul(grad)
    of_locations, of_weights = _sample_gradients(
        points, factors, _products(matrix, table, grad)
    )
    return (
        grad_table.view(value.shape).to(value.dtype),
        torch.from_numpy(of_locations).view(locations.shape).to(locations),
        torch.from_numpy(of_weights).view(weights.shape).to(weights),
    )


def _prepare(
    value: Tensor,
    sizes: list[tuple[int, int]],
    locations: Tensor,
    weights: Tensor,
) -> tuple[Tensor, _Points, np.ndarray]:
    """The (B * S * heads, D) table, the points, and their (N, K) weights."""
    dtype = compute_dtype(value)
    batch, length, heads, dim = value.shape
    table = value.detach().to(dtype).reshape(-1, dim)
    places = locations.detach().to(dtype).flatten(3, 4).flatten(0, 2).numpy()
    num_points = locations.shape[4]
    levels = np.repeat(np.array(sizes).reshape(-1, 2), num_points, axis=0)
    areas = np.array([height * width for height, width in sizes])
    starts = np.repeat(areas.cumsum() - areas, num_points)
    bags = np.arange(len(places))
    image = bags // (locations.shape[1] * heads)
    first = (image * length * heads + bags % heads)[:, None]
    size = levels.T[::-1]
    low, shares, inside = _axes(np.moveaxis(places, 2, 0), size)
    near = np.stack([low, low + 1], 1).clip(0, size[:, None, None] - 1)
    across, down = near * heads
    down = down * size[0] + starts * heads + first
    rows = np.empty((len(places), 2, 2, len(levels)), np.int64)
    np.add(
        down.swapaxes(0, 1)[:, :, None], across.swapaxes(0, 1)[:, None], rows
    )
    factors = weights.detach().to(dtype).flatten(3).flatten(0, 2).numpy()
    return table, _Points(size, rows, shares, inside), factors


def _axes(
    places: np.ndarray, size: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(2, N, K) lower pixels, and the shares and ``inside`` of _Points."""
    pixels = places * size[:, None].astype(places.dtype)
    pixels -= 0.5
    low = np.floor(pixels)
    upper = pixels - low
    # Far outside is as good as just outside, and fits an integer.
    with np.errstate(invalid='ignore'):
        low = low.clip(-2, size[:, None]).astype(np.int64)
    near = np.stack([low, low + 1], 1)
    inside = (near >= 0) & (near < size[:, None, None])
    inside = inside.astype(places.dtype)
    shares = np.stack([1 - upper, upper], 1)
    shares *= inside
    return low, shares, inside


def _entry_weights(shares: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """(N, 2, 2, K) as the rows: what each is multiplied with."""
    across, down = shares
    entries = np.empty((len(factors), 2, 2, factors.shape[1]), factors.dtype)
    weighted = (down * factors).swapaxes(0, 1)[:, :, None]
    return np.multiply(weighted, across.swapaxes(0, 1)[:, None], out=entries)


def _as_sparse(rows: np.ndarray, entries: np.ndarray) -> SparseRows:
    sizes = np.full(len(rows), rows[0].size if len(rows) else 0)
    return SparseRows(
        *(torch.from_numpy(part.reshape(-1)) for part in (rows, entries)),
        torch.from_numpy(sizes),
    )


def _products(matrix: SparseRows, table: Tensor, grad: Tensor) -> np.ndarray:
    """Of each entry's row with the gradient of its bag, (T,)."""
    weights = matrix.weights.requires_grad_()
    with torch.enable_grad():
        rows = matrix.matmul(table)
    return torch.autograd.grad(rows, weights, grad)[0].numpy()


def _sample_gradients(
    points: _Points, factors: np.ndarray, products: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(N, K, 2) of the locations and (N, K) of the weights."""
    (left, right), (above, below) = points.shares
    (in_left, in_right), (in_above, in_below) = points.inside
    corners = products.reshape(points.rows.shape)
    up_left, up_right = corners[:, 0, 0], corners[:, 0, 1]
    low_left, low_right = corners[:, 1, 0], corners[:, 1, 1]
    # Of the samples in the line above, and below.
    up = left * up_left + right * up_right
    low = left * low_left + right * low_right
    grad = np.empty((*factors.shape, 2), factors.dtype)
    step = above * (in_right * up_right - in_left * up_left)
    step += below * (in_right * low_right - in_left * low_left)
    grad[..., 0] = step * factors * points.size[0]
    grad[..., 1] = (in_below * low - in_above * up) * factors * points.size[1]
    return grad, above * up + below * low
