"""The sampling grid of RoIAlign, one axis at a time.

Bilinear sampling is separable: a bin's average over a grid of sample points
is the outer product of the two axes' weights. Neighboring samples read the
same pixels, so per axis the weights that fall on one pixel are added up
first. That leaves (n + 1)^2 pixels to read where a bin's n x n samples one
pixel apart would read 4 n^2.
"""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from portable_ops.sparse_rows import (
    Array,
    SparseRows,
    arange_like,
    as_array,
    concatenated_ranges,
)


class AxisGrid(NamedTuple):
    """Where the samples of R RoIs lie along one axis.

    Attributes:
        points: (R, P, S), sample coordinates in pixels of the feature map; P
            bins, S as in the RoI that has most samples per bin.
        counts: (R,), samples per bin of each RoI; a RoI's points beyond its
            own count repeat its last one. 0 for an empty RoI whose count
            depends on its size.
        length: Size of the feature map along the axis.
    """

    points: Tensor
    counts: Tensor
    length: int

    def used(self) -> Tensor:
        """(R, P, S) mask of the samples that exist and read the map.

        As in mmcv, samples up to one pixel outside the map read its border
        and those farther away (or NaN) read zero.
        """
        rank = torch.arange(self.points.shape[2], device=self.points.device)
        inside = (self.points >= -1) & (self.points <= self.length)
        return inside & (rank < self.counts[:, None, None])


class AxisTaps(NamedTuple):
    """The pixels that each bin reads along one axis, in ascending order.

    Attributes:
        pixels, weights: (R, P, K); weights hold the average's 1 / count.
        sizes: (R, P), how many of the K are in use.
    """

    pixels: Tensor
    weights: Tensor
    sizes: Tensor

    def select(self, rois: slice) -> 'AxisTaps':
        """The taps of some of the RoIs."""
        return AxisTaps(*(field[rois] for field in self))


def roi_grids(
    rois: Tensor,
    map_size: tuple[int, int],
    output_size: tuple[int, int],
    spatial_scale: float,
    sampling_ratio: int,
    aligned: bool,
) -> tuple[AxisGrid, AxisGrid]:
    """The vertical and the horizontal sampling grid of RoIs.

    Args:
        rois: (R, 5), image index and xyxy box in pixels of the image.
        map_size: Height and width of the feature map.
        output_size: Bins along y and x.
        spatial_scale: Feature map pixels per image pixel.
        sampling_ratio: Samples per bin and axis; 0 takes
            ceil(RoI size / bins), about one per pixel.
        aligned: Shift by half a pixel so that pixel centers lie on integers;
            otherwise RoIs are at least one pixel wide and high.
    """
    corners = rois[:, 1:] * spatial_scale - (0.5 if aligned else 0.0)
    sizes = (corners[:, 2:] - corners[:, :2]).clamp(min=0 if aligned else 1)
    grid_y = _axis_grid(
        corners[:, 1], sizes[:, 1], output_size[0], sampling_ratio, map_size[0]
    )
    grid_x = _axis_grid(
        corners[:, 0], sizes[:, 0], output_size[1], sampling_ratio, map_size[1]
    )
    return grid_y, grid_x


def _axis_grid(
    starts: Tensor, sizes: Tensor, bins: int, sampling_ratio: int, length: int
) -> AxisGrid:
    # The order of operations is that of mmcv's kernels: a last bit decides
    # whether a sample on the rim of the map counts.
    bin_sizes = sizes / bins
    if sampling_ratio > 0:
        counts = torch.full_like(sizes, sampling_ratio, dtype=torch.long)
        most = sampling_ratio
    else:
        counts = bin_sizes.ceil().long()
        most = max(int(counts.max()), 1)
    last = (counts - 1).clamp(min=0)[:, None, None]
    rank = torch.arange(most, device=sizes.device).minimum(last).to(sizes)
    bin_index = torch.arange(bins, device=sizes.device).to(sizes)
    bin_starts = starts[:, None] + bin_index * bin_sizes[:, None]
    steps = (rank + 0.5) * bin_sizes[:, None, None]
    steps = steps / counts.clamp(min=1)[:, None, None]
    return AxisGrid(bin_starts[:, :, None] + steps, counts, length)


def bilinear(points: Tensor, length: int) -> tuple[Tensor, Tensor]:
    """The lower of the two pixels that each point lies between, and the
    share of the upper one, after moving the points onto the map."""
    points = points.nan_to_num().clamp(0, length - 1)
    low = points.floor()
    return low.long(), points - low


def axis_taps(grid: AxisGrid) -> AxisTaps:
    """Merge the samples of each bin into one weight per pixel."""
    low, upper_share = bilinear(grid.points, grid.length)
    # Samples ascend. One more than a pixel ahead of the sample before it
    # shares neither of that sample's pixels, one a pixel ahead shares one.
    slot = torch.zeros_like(low)
    slot[..., 1:] = low.diff(dim=-1).clamp(max=2).cumsum(-1)
    sizes = slot[..., -1] + 2
    counts = grid.counts.clamp(min=1).to(grid.points)
    share = grid.used() / counts[:, None, None]
    shape = (*sizes.shape, int(sizes.max()))
    weights = grid.points.new_zeros(shape)
    weights.scatter_add_(2, slot, (1 - upper_share) * share)
    weights.scatter_add_(2, slot + 1, upper_share * share)
    pixels = low.new_zeros(shape)
    pixels.scatter_(2, slot, low)
    # On the last pixel there is no upper neighbor; its share is 0.
    pixels.scatter_(2, slot + 1, (low + 1).clamp(max=grid.length - 1))
    return AxisTaps(pixels, weights, sizes)


def bin_rows(
    taps_y: AxisTaps, taps_x: AxisTaps, images: Tensor, map_size: tuple
) -> SparseRows:
    """Bins as weighted sums of the rows of a (N*H*W, C) table.

    Args:
        taps_y, taps_x: Of the same R RoIs, P and Q bins.
        images: (R,) int64, the image of each RoI.
        map_size: H and W.

    Returns:
        R*P*Q bags, ordered by RoI, y and x.
    """
    num_rois, num_y, depth_y = taps_y.pixels.shape
    _, num_x, depth_x = taps_x.pixels.shape
    line = images[:, None, None] * map_size[0] + taps_y.pixels
    rows, weights_y, sizes_y = _flat(line, taps_y.weights, taps_y.sizes)
    pixels_x, weights_x, sizes_x = _flat(*taps_x)
    bins = arange_like(num_rois * num_y * num_x, rows)
    bin_y = bins // num_x
    bin_x = bins // (num_y * num_x) * num_x + bins % num_x
    # A bin is one run per pixel of y, a run one tap per pixel of x.
    runs_per_bin, taps_per_run = sizes_y[bin_y], sizes_x[bin_x]
    run_bin, run_y = concatenated_ranges(bin_y * depth_y, runs_per_bin)
    tap_run, tap_x = concatenated_ranges(
        (bin_x * depth_x)[run_bin], taps_per_run[run_bin]
    )
    columns = (rows[run_y] * map_size[1])[tap_run] + pixels_x[tap_x]
    weights = weights_y[run_y][tap_run] * weights_x[tap_x]
    return SparseRows(
        columns=torch.as_tensor(columns),
        weights=torch.as_tensor(weights),
        sizes=torch.as_tensor(runs_per_bin * taps_per_run),
    )


def _flat(*tensors: Tensor) -> Iterator[Array]:
    return (as_array(tensor.reshape(-1)) for tensor in tensors)
