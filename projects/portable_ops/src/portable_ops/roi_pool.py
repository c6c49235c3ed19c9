"""RoI max pooling over whole pixels (Fast R-CNN, arXiv 1504.08083)."""

import torch
from torch import Tensor

from portable_ops.arguments import check_arguments
from portable_ops.opaque import opaque
from portable_ops.roi_check import check_rois


def _fake_pool(maps, rois, size, scale):
    shape = (len(rois), maps.shape[1], *size)
    return maps.new_empty(shape), maps.new_empty(shape, dtype=torch.int32)


@opaque(
    'roi_pool(Tensor maps, Tensor rois, int[] size, float scale)'
    ' -> (Tensor, Tensor)',
    _fake_pool,
)
def roi_pool(
    maps: Tensor, rois: Tensor, size: tuple[int, int], scale: float
) -> tuple[Tensor, Tensor]:
    """The largest value in each bin of each RoI.

    A bin reaches from the floor of its first to the ceiling of its last
    edge, so neighbors may share pixels; RoIs are closed at the far end
    (x2 + 1), as in mmcv.

    Args:
        maps: (B, C, H, W).
        rois: (R, 5), image index and xyxy in image pixels.
        size: Rows and columns of bins.
        scale: From image to map pixels.

    Returns:
        (R, C, *size), 0 for bins without a pixel, and the position
        y * W + x of each maximum, int32, -1 where there is none.
    """
    check_arguments('roi_pool', maps=maps, rois=rois)
    check_rois(rois, len(maps), aligned=False)
    height, width = maps.shape[2:]
    rows = _bins(rois[:, 2], rois[:, 4], size[0], scale, height)
    columns = _bins(rois[:, 1], rois[:, 3], size[1], scale, width)
    image = rois[:, 0].long()
    shape = (len(rois), maps.shape[1], *size)
    # In the order of the pixels, so that the first of equal ones wins.
    best = maps.new_full(shape, -float('inf'))
    argmax = torch.full(shape, -1, dtype=torch.int32, device=maps.device)
    flat = maps.flatten(2)[image]
    for y in range(_longest(rows)):
        for x in range(_longest(columns)):
            inside = (
                ((rows[0] + y < rows[1])[:, :, None])
                & ((columns[0] + x < columns[1])[:, None])
            )
            place = (rows[0] + y).clamp(max=height - 1)[:, :, None] * width
            place = place + (columns[0] + x).clamp(max=width - 1)[:, None]
            index = place.flatten(1)[:, None].expand(-1, shape[1], -1)
            value = flat.gather(2, index).view(shape)
            better = inside[:, None] & (value > best)
            best = torch.where(better, value, best)
            argmax = torch.where(better, place[:, None].int(), argmax)
    return best.masked_fill(argmax < 0, 0), argmax


def roi_pool_backward(
    grad_output: Tensor, rois: Tensor, argmax: Tensor, shape: tuple
) -> Tensor:
    """Give each gradient to the pixel that was the maximum."""
    batch, channels, height, width = shape
    grad = grad_output.new_zeros(batch, channels, height * width)
    image = rois[:, 0].long()[:, None, None]
    channel = torch.arange(channels, device=rois.device)[None, :, None]
    place = argmax.flatten(2).long()
    image, channel = (i.expand_as(place) for i in (image, channel))
    found = place >= 0
    grad.index_put_(
        (image[found], channel[found], place[found]),
        grad_output.flatten(2)[found],
        accumulate=True,
    )
    return grad.view(shape)


def _bins(
    low: Tensor, high: Tensor, number: int, scale: float, limit: int
) -> tuple[Tensor, Tensor]:
    """First and last (excluded) pixel of each bin, each (R, number)."""
    start = low * scale
    length = (high + 1) * scale - start
    step = length / number
    index = torch.arange(number, device=low.device)
    first = (index * step[:, None] + start[:, None]).floor()
    last = ((index + 1) * step[:, None] + start[:, None]).ceil()
    first, last = (edge.clamp(0, limit).long() for edge in (first, last))
    return first, torch.where((length > 0)[:, None], last, first)


def _longest(edges: tuple[Tensor, Tensor]) -> int:
    lengths = edges[1] - edges[0]
    return int(lengths.max()) if lengths.numel() else 0
