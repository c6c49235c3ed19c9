"""RoIAlign with average pooling."""

from collections.abc import Iterator

import torch
from torch import Tensor

from portable_ops.arguments import check_arguments
from portable_ops.dtypes import compute_dtype
from portable_ops.opaque import opaque, traced
from portable_ops.roi_check import check_rois
from portable_ops.roi_grid import axis_taps, bin_rows, roi_grids
from portable_ops.sparse_rows import SparseRows, copy_rows_to_maps, map_rows
from portable_ops.torchvision_kernels import torchvision_kernels

# Entries of the sparse matrix that are built at a time. About 60 bytes each
# at the peak, so this bounds the extra memory near 30 MB. With twice as many
# the arrays are so large that glibc takes each from the system anew: 1.3
# times the time. A quarter costs more in sums of the gradient.
_CHUNK_ENTRIES = 1 << 19
# Numbers of a table that is made at a time on the CPU, 4 MB of float32: not
# only for the memory. Blocks of this size are used again, where larger ones
# come from the system each time, zeroed page by page: that took half the time.
_SLICE_NUMBERS = 1 << 20
# With fewer channels the vector units idle.
_FEWEST_CHANNELS = 16


def roi_align(
    maps: Tensor,
    rois: Tensor,
    output_size: tuple[int, int],
    spatial_scale: float = 1.0,
    sampling_ratio: int = 0,
    aligned: bool = True,
    out: Tensor | None = None,
) -> Tensor:
    """Average of bilinear samples in each bin of each RoI.

    Source: `Mask R-CNN <https://arxiv.org/abs/1703.06870>`_, Sec. 3; the
    sampling grid is mmcv's. Differs from mmcv's compiled CPU kernel: it runs
    threaded over vectors of channels (several times faster), some channels
    at a time, accepts any memory layout and bf16, and computes fp16 in fp32.

    Args:
        maps: (N, C, H, W) feature maps.
        rois: (R, 5), image index and xyxy box in pixels of the image.
        output_size: Bins along y and x.
        spatial_scale: Feature map pixels per image pixel.
        sampling_ratio: Samples per bin and axis; 0 takes
            ceil(RoI size / bins).
        aligned: Shift by half a pixel (see ``roi_grid.roi_grids``).
        out: Written and returned instead of a new tensor.

    Returns:
        (R, C, *output_size) in the dtype of ``maps``. Samples more than one
        pixel outside the map count as zero; no RoI gives no row.

    Raises:
        ValueError: If shapes or devices do not fit, or a RoI names an image
            that does not exist or, with ``aligned``, has a negative size.
    """
    check_arguments('roi_align', maps=maps, rois=rois)
    settings = (output_size, spatial_scale, sampling_ratio, aligned)
    if traced():
        result = _traced_roi_align(maps, rois, *settings)
        return result if out is None else out.copy_(result)
    if out is None:
        shape = (len(rois), maps.shape[1], *output_size)
        out = maps.new_empty(shape)
    if out.numel() == 0:
        return out
    check_rois(rois, maps.shape[0], aligned)
    dtype = compute_dtype(maps)
    kernels = torchvision_kernels(maps.device)
    if kernels is not None:
        return out.copy_(
            kernels.roi_align(
                maps.to(dtype),
                rois.to(dtype),
                spatial_scale,
                *output_size,
                sampling_ratio,
                aligned,
            )
        )
    plan = _chunks(
        rois.to(dtype),
        maps.shape[2:],
        output_size,
        spatial_scale,
        sampling_ratio,
        aligned,
    )
    for part, matrix in plan:
        for few in _channel_slices(maps, len(matrix.sizes)):
            bins = matrix.matmul(map_rows(maps[:, few], dtype))
            bins = bins.view(-1, *output_size, bins.shape[1])
            out[part, few].copy_(bins.permute(0, 3, 1, 2))
    return out


def _fake_roi_align(maps, rois, output_size, *settings):
    return maps.new_empty(len(rois), maps.shape[1], *output_size)


@opaque(
    'roi_align(Tensor maps, Tensor rois, int[] output_size, '
    'float spatial_scale, int sampling_ratio, bool aligned) -> Tensor',
    _fake_roi_align,
)
def _traced_roi_align(maps: Tensor, rois: Tensor, *settings) -> Tensor:
    return roi_align(maps, rois, *settings)


def roi_align_backward(
    grad_output: Tensor,
    rois: Tensor,
    input_shape: tuple[int, int, int, int],
    spatial_scale: float = 1.0,
    sampling_ratio: int = 0,
    aligned: bool = True,
    out: Tensor | None = None,
) -> Tensor:
    """Gradient of :func:`roi_align` with respect to ``maps``.

    Args:
        grad_output: (R, C, P, Q).
        rois, spatial_scale, sampling_ratio, aligned: As in the forward pass.
        input_shape: (N, C, H, W) of ``maps``.
        out: Written and returned instead of a new tensor.

    Returns:
        ``input_shape``, in the dtype of ``grad_output``. The sum has a fixed
        order: the same in every run.
    """
    if out is None:
        out = grad_output.new_empty(input_shape)
    if grad_output.numel() == 0:
        return out.zero_()
    num_images, _, height, width = input_shape
    output_size = grad_output.shape[2:]
    dtype = compute_dtype(grad_output)
    kernels = torchvision_kernels(grad_output.device)
    if kernels is not None:
        return out.copy_(
            kernels._roi_align_backward(
                grad_output.to(dtype),
                rois.to(dtype),
                spatial_scale,
                *output_size,
                *input_shape,
                sampling_ratio,
                aligned,
            )
        )
    plan = _chunks(
        rois.to(dtype),
        (height, width),
        output_size,
        spatial_scale,
        sampling_ratio,
        aligned,
    )
    total = out if out.dtype == dtype else torch.empty_like(out, dtype=dtype)
    for part, matrix in plan:
        num_bins = len(matrix.sizes)
        matrix = matrix.transpose(num_images * height * width)
        for few in _channel_slices(out, num_bins):
            bins = map_rows(grad_output[part, few], dtype)
            rows, maps = matrix.matmul(bins), total[:, few]
            if part.start == 0:
                copy_rows_to_maps(rows, maps)
            else:
                more = torch.empty_like(maps)
                copy_rows_to_maps(rows, more)
                maps += more
    return out if total is out else out.copy_(total)


def _channel_slices(maps: Tensor, num_bins: int) -> Iterator[slice]:
    """The channels of (N, C, H, W) maps, as many as are taken at a time."""
    num_images, channels, height, width = maps.shape
    step = channels
    if not maps.is_cuda:
        rows = max(num_images * height * width, num_bins)
        step = max(_SLICE_NUMBERS // rows, _FEWEST_CHANNELS)
    for start in range(0, channels, step):
        yield slice(start, start + step)


def _chunks(
    rois: Tensor, map_size: tuple[int, int], *settings
) -> Iterator[tuple[slice, SparseRows]]:
    """The RoIs in slices of bounded size, with the matrix of each."""
    grid_y, grid_x = roi_grids(rois, map_size, *settings)
    taps_y, taps_x = axis_taps(grid_y), axis_taps(grid_x)
    entries = taps_y.sizes.sum(1) * taps_x.sizes.sum(1)
    chunk = entries.cumsum(0) // _CHUNK_ENTRIES
    _, lengths = torch.unique_consecutive(chunk, return_counts=True)
    start = 0
    for length in lengths.tolist():
        part = slice(start, start + length)
        images = rois[part, 0].long()
        yield (
            part,
            bin_rows(
                taps_y.select(part), taps_x.select(part), images, map_size
            ),
        )
        start += length
