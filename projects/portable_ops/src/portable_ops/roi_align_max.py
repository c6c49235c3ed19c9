"""RoIAlign with max pooling."""

from itertools import product

import torch
from torch import Tensor

from portable_ops.arguments import check_arguments
from portable_ops.dtypes import compute_dtype
from portable_ops.opaque import opaque
from portable_ops.roi_check import check_rois
from portable_ops.roi_grid import (
    AxisGrid,
    axis_taps,
    bilinear,
    bin_rows,
    roi_grids,
)
from portable_ops.sparse_rows import map_rows

# What mmcv's CPU kernel starts its maximum from; a bin without samples (an
# empty RoI with sampling_ratio=0) keeps it.
_LOWEST = -10000.0
# The coordinate that stands for "no sample".
_NOWHERE = -1.0
# Elements of a temporary of the gradient, which has nine of them.
_CHUNK_ELEMENTS = 1 << 21


def _fake_roi_align_max(maps, rois, output_size, *settings, **named):
    shape = (len(rois), maps.shape[1], *output_size)
    return tuple(maps.new_empty(shape) for _ in range(3))


@opaque(
    'roi_align_max(Tensor maps, Tensor rois, int[] output_size, '
    'float spatial_scale=1.0, int sampling_ratio=0, bool aligned=True)'
    ' -> (Tensor, Tensor, Tensor)',
    _fake_roi_align_max,
)
def roi_align_max(
    maps: Tensor,
    rois: Tensor,
    output_size: tuple[int, int],
    spatial_scale: float = 1.0,
    sampling_ratio: int = 0,
    aligned: bool = True,
) -> tuple[Tensor, Tensor, Tensor]:
    """Largest bilinear sample in each bin of each RoI.

    Source: mmcv's ``pool_mode='max'``. Differs from it in that fp16 is
    computed in fp32 and that every device starts from mmcv's CPU value of
    -10000 (mmcv's CUDA kernel starts from the lowest float).

    Args:
        maps, rois, output_size, spatial_scale, sampling_ratio, aligned: As
            in :func:`portable_ops.roi_align`.

    Returns:
        The maxima, and the y and x coordinates (in pixels of the map) of the
        samples they were found at, -1 if there was none; each (R, C,
        *output_size) in the dtype of ``maps``. The first of equal samples
        counts.

    Raises:
        ValueError: As in :func:`portable_ops.roi_align`.
    """
    check_arguments('roi_align_max', maps=maps, rois=rois)
    check_rois(rois, maps.shape[0], aligned)
    shape = (len(rois), *output_size, maps.shape[1])
    dtype = compute_dtype(maps)
    best = torch.full(shape, _LOWEST, dtype=dtype, device=maps.device)
    best_y, best_x = (torch.full_like(best, _NOWHERE) for _ in range(2))
    if best.numel():
        grids = roi_grids(
            rois.to(dtype),
            maps.shape[2:],
            output_size,
            spatial_scale,
            sampling_ratio,
            aligned,
        )
        table = map_rows(maps, dtype)
        _update(best, best_y, best_x, table, rois[:, 0].long(), *grids)
    results = (best, best_y, best_x)
    return tuple(
        t.permute(0, 3, 1, 2).to(maps.dtype).contiguous() for t in results
    )


def _update(
    best: Tensor,
    best_y: Tensor,
    best_x: Tensor,
    table: Tensor,
    images: Tensor,
    grid_y: AxisGrid,
    grid_x: AxisGrid,
) -> None:
    """Take the samples of all bins in turn, the n-th of each bin at once."""
    channels = table.shape[1]
    most = (grid_y.points.shape[2], grid_x.points.shape[2])
    for iy, ix in product(range(most[0]), range(most[1])):
        active = (grid_y.counts > iy) & (grid_x.counts > ix)
        active = active.nonzero().squeeze(1)
        if len(active) == 0:
            continue  # one RoI is the highest, another the widest
        y = grid_y.points[active, :, iy]
        x = grid_x.points[active, :, ix]
        one = torch.ones_like(active)
        matrix = bin_rows(
            axis_taps(AxisGrid(y[..., None], one, grid_y.length)),
            axis_taps(AxisGrid(x[..., None], one, grid_x.length)),
            images[active],
            (grid_y.length, grid_x.length),
        )
        shape = (len(active), y.shape[1], x.shape[1], channels)
        value = matrix.matmul(table).view(shape)
        better = value > best[active]
        y, x = y[:, :, None, None], x[:, None, :, None]
        best[active] = torch.where(better, value, best[active])
        best_y[active] = torch.where(better, y, best_y[active])
        best_x[active] = torch.where(better, x, best_x[active])


def roi_align_max_backward(
    grad_output: Tensor,
    rois: Tensor,
    argmax_y: Tensor,
    argmax_x: Tensor,
    input_shape: tuple[int, int, int, int],
) -> Tensor:
    """Gradient of :func:`roi_align_max` with respect to ``maps``.

    Args:
        grad_output, argmax_y, argmax_x: (R, C, P, Q).
        rois: (R, 5); only the image index is read.
        input_shape: (N, C, H, W) of ``maps``.

    Returns:
        ``input_shape``, in the dtype of ``grad_output``.
    """
    dtype = compute_dtype(grad_output)
    _, channels, height, width = input_shape
    grad = torch.zeros(input_shape, dtype=dtype, device=grad_output.device)
    channel = torch.arange(channels, device=grad.device)
    step = max(1, _CHUNK_ELEMENTS // max(1, grad_output[:1].numel()))
    for start in range(0, len(rois), step):
        part = slice(start, start + step)
        plane = rois[part, :1].long() * channels + channel
        offset = plane[:, :, None, None] * (height * width)
        y, x = argmax_y[part].to(dtype), argmax_x[part].to(dtype)
        found = (y != _NOWHERE) & (y >= -1) & (y <= height)
        found &= (x >= -1) & (x <= width)
        share = grad_output[part].to(dtype) * found
        for row, weight_y in _neighbors(y, height):
            for column, weight_x in _neighbors(x, width):
                index = offset + row * width + column
                value = share * weight_y * weight_x
                grad.view(-1).scatter_add_(
                    0, index.reshape(-1), value.reshape(-1)
                )
    return grad.to(grad_output.dtype)


def _neighbors(points: Tensor, length: int) -> list[tuple[Tensor, Tensor]]:
    """The two pixels around each point, with their weights."""
    low, upper_share = bilinear(points, length)
    upper = (low + 1).clamp(max=length - 1)
    return [(low, 1 - upper_share), (upper, upper_share)]
