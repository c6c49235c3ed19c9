"""RoI pooling with learned shifts of the bins (Deformable ConvNets,
arXiv 1703.06211, 2.2)."""

import torch
from torch import Tensor
from torch.nn import functional

from portable_ops.arguments import check_arguments
from portable_ops.dtypes import compute_dtype
from portable_ops.opaque import opaque
from portable_ops.roi_check import check_rois
from portable_ops.roi_grid import AxisGrid, bilinear, roi_grids


def _fake_pool(maps, rois, offset, size, *settings, **numbers):
    return maps.new_empty((len(rois), maps.shape[1], *size))


@opaque(
    'deform_roi_pool(Tensor maps, Tensor rois, Tensor? offset, int[] size, '
    'float scale=1.0, int sampling_ratio=0, float gamma=0.1) -> Tensor',
    _fake_pool,
)
def deform_roi_pool(
    maps: Tensor,
    rois: Tensor,
    offset: Tensor | None,
    size: tuple[int, int],
    scale: float = 1.0,
    sampling_ratio: int = 0,
    gamma: float = 0.1,
) -> Tensor:
    """Aligned RoIAlign (average) whose bins are shifted one by one.

    Args:
        maps: (B, C, H, W).
        rois: (R, 5), image index and xyxy in image pixels.
        offset: (R, 2, *size), x then y, in shares of the RoI's width and
            height times ``gamma``. None shifts nothing.
        size: Rows and columns of bins.
        scale: From image to map pixels.
        sampling_ratio: Samples of a bin along an axis; 0 takes
            ceil(RoI size / bins).
        gamma: See ``offset``.

    Returns:
        (R, C, *size).
    """
    check_arguments('deform_roi_pool', maps=maps, rois=rois, offset=offset)
    if offset is not None and offset.shape[2:] != tuple(size):
        raise ValueError(
            f'offset must be (R, 2, {size[0]}, {size[1]}), a shift for each '
            f'bin, but got {tuple(offset.shape)}.'
        )
    check_rois(rois, len(maps), aligned=True)
    wide = compute_dtype(maps)
    rois = rois.to(wide)
    shape = tuple(maps.shape[2:])
    bins = (len(rois), *size, 1)
    shift_x = shift_y = rois.new_zeros(bins)
    if offset is not None:
        sides = (rois[:, 3:] - rois[:, 1:3]) * scale * gamma
        shifts = offset.to(wide) * sides[:, :, None, None]
        shift_x, shift_y = shifts[..., None].unbind(1)
    if not len(rois):
        return maps.new_zeros(0, maps.shape[1], *size)
    grid_y, grid_x = roi_grids(rois, shape, size, scale, sampling_ratio, True)
    rows, weights_y = _taps(grid_y, grid_y.points[:, :, None] + shift_y)
    columns, weights_x = _taps(grid_x, grid_x.points[:, None] + shift_x)
    image = rois[:, 0].long()[:, None, None, None]
    index = (image * shape[0] + rows)[..., None] * shape[1]
    index = index + columns[..., None, :]
    weights = weights_y[..., None] * weights_x[..., None, :]
    # Each bin is a weighted sum of rows of the table of pixels.
    pooled = functional.embedding_bag(
        index.reshape(-1, index[0, 0, 0].numel()),
        maps.to(wide).permute(0, 2, 3, 1).flatten(0, 2),
        per_sample_weights=weights.reshape(-1, index[0, 0, 0].numel()),
        mode='sum',
    )
    return pooled.view(len(rois), *size, -1).permute(0, 3, 1, 2).to(maps.dtype)


def deform_roi_pool_backward(
    grad_output: Tensor,
    maps: Tensor,
    rois: Tensor,
    offset: Tensor | None,
    *settings: object,
) -> tuple[Tensor, Tensor | None]:
    """Gradients of the maps and of the offsets.

    Those of :func:`deform_roi_pool` as it is written: on the rim of a map,
    where samples read the border, mmcv's kernel extrapolates instead.
    """
    leaves = [maps.detach().requires_grad_()]
    if offset is not None:
        leaves.append(offset.detach().requires_grad_())
    with torch.enable_grad():
        pooled = deform_roi_pool(
            leaves[0], rois, None if offset is None else leaves[1], *settings
        )
        grads = torch.autograd.grad(pooled, leaves, grad_output)
    return grads[0], grads[1] if offset is not None else None


def _taps(grid: AxisGrid, points: Tensor) -> tuple[Tensor, Tensor]:
    """The two pixels of each sample, and their shares of the average.

    Args:
        grid: Says how many samples count.
        points: (R, P, Q, S), the samples of each bin.

    Returns:
        Two (R, P, Q, 2 S).
    """
    counts = grid.counts[:, None, None, None]
    rank = torch.arange(points.shape[-1], device=points.device)
    used = (points >= -1) & (points <= grid.length) & (rank < counts)
    low, share = bilinear(points, grid.length)
    high = (low + 1).clamp(max=grid.length - 1)
    weights = torch.stack((1 - share, share), dim=-1)
    weights = weights * (used.to(points) / counts.clamp(min=1))[..., None]
    return torch.stack((low, high), dim=-1).flatten(3), weights.flatten(3)
