"""Tiles of boxes, and the blocks in which they are compared with others."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from .pairs import Boxes, append_empty, empty_boxes, pair_overlaps, take

# Boxes of a tile. Fewer make the rectangles tighter and their number larger.
TILE = 64
# Pairs of a block. On the CPU its four or so arrays stay in the second-level
# cache; on CUDA fewer blocks mean fewer launches and waits.
_CPU_BLOCK = 1 << 17
_CUDA_BLOCK = 1 << 22
# Tiles times others whose rectangles are compared at once, one byte each.
_RECTANGLES_AT_ONCE = 1 << 22
# Of those that touch so many are listed at once, 16 bytes each. Larger lists,
# made and dropped in turn with blocks, let glibc's heap grow to a gigabyte.
_TOUCHING_AT_ONCE = 1 << 19
# Bits per side of the place and of the size in the sorting key of 30 bits.
_PLACE_BITS, _SIZE_BITS = 10, 5


class Tiles(NamedTuple):
    """Boxes in tiles.

    Attributes:
        boxes (Boxes): (4, T, TILE) and (T, TILE). The last tile is filled
            up with boxes that overlap nothing.
        order (Tensor): (N,), the box at each place, tile by tile.
        finite (bool): Whether the boxes are.
    """

    boxes: Boxes
    order: Tensor
    finite: bool

    def place(self, values: Tensor) -> Tensor:
        """Give (T, TILE) values of the boxes the order of the boxes, (N,)."""
        values = values.flatten()[: len(self.order)]
        return torch.empty_like(values).scatter_(0, self.order, values)


class Block(NamedTuple):
    """Some tiles and what they may overlap.

    Attributes:
        tiles (Tensor): (T,), which tiles.
        others (Tensor): (T, K), index into the others, rising; the number
            of the others stands for none.
        overlaps (Tensor): (T, K, TILE), 0 for none.
    """

    tiles: Tensor
    others: Tensor
    overlaps: Tensor


def tile_boxes(boxes: Boxes, ignored: Tensor | None = None) -> Tiles:
    """Sort boxes by size and place and cut them into tiles.

    Args:
        boxes (Boxes): (4, N) and (N,), N > 0.
        ignored (Tensor, optional): (N,) mask of boxes that are to overlap
            nothing.
    """
    finite = boxes.finite()
    if ignored is not None:
        finite |= ignored
        both = zip(empty_boxes(boxes.areas, 1), boxes)
        boxes = Boxes(*(torch.where(ignored, *pair) for pair in both))
    # The order decides on the time, not on the result, NaN or not.
    order = _sorting_key(boxes.corners.float()).sort().indices
    corners, areas = append_empty(take(boxes, order), -len(order) % TILE)
    tiled = Boxes(corners.view(4, -1, TILE), areas.view(-1, TILE))
    return Tiles(tiled, order, bool(finite.all()))


def _sorting_key(corners: Tensor) -> Tensor:
    """Half octaves of width and height, then the Morton code of the center:
    (N,) int32."""
    # portable_ops has a Morton code of its own, in nms_tiles.py: it is a
    # separate distribution and shares no code with this one.
    low, high = corners[:2], corners[2:]
    # From a fifth of a pixel to 8,000; what is beyond shares the last one.
    size = (high - low).clamp(min=1e-3).log2().mul_(2).add_(5)
    wide, tall = _to_int(size, _SIZE_BITS)
    center = torch.nan_to_num(low + high)
    least = center.amin(1, keepdim=True)
    extent = (center.amax(1, keepdim=True) - least).clamp(min=1e-3)
    scale = (1 << _PLACE_BITS) / extent
    x, y = _to_int((center - least) * scale, _PLACE_BITS)
    morton = _spread(x) | (_spread(y) << 1)
    return (((wide << _SIZE_BITS) | tall) << (2 * _PLACE_BITS)) | morton


def _to_int(values: Tensor, bits: int) -> Tensor:
    """To int32 of so many bits, by rounding down; NaN is 0."""
    limit = (1 << bits) - 1
    return torch.nan_to_num(values).clamp(0, limit).to(torch.int32)


def _spread(values: Tensor) -> Tensor:
    """A zero between the ten bits of each value."""
    values = (values | (values << 8)) & 0x00FF00FF
    values = (values | (values << 4)) & 0x0F0F0F0F
    values = (values | (values << 2)) & 0x33333333
    return (values | (values << 1)) & 0x55555555


def overlap_blocks(
    tiles: Tiles, others: Boxes, mode: str = 'iou'
) -> Iterator[Block]:
    """Compare tiles with what they may overlap, each tile in one block.

    A tile that overlaps nothing is in none. Boxes that are not finite may
    have an overlap of NaN wherever they are: then all are compared with all.

    Args:
        tiles (Tiles): Of :func:`tile_boxes`.
        others (Boxes): (4, M) and (M,), M > 0, the type of the tiles.
        mode (str): Of :func:`.pairs.pair_overlaps`.
    """
    finite = tiles.finite and bool(others.finite().all())
    step = max(1, _RECTANGLES_AT_ONCE // others.areas.numel())
    padded = append_empty(others, 1)
    for start in range(0, len(tiles.boxes.areas), step):
        part = slice(start, start + step)
        touching = _touching(tiles.boxes.corners[:, part], others.corners)
        if not finite:
            touching.fill_(True)
        for tile, other in _group(touching):
            tile = tile + start
            wanted = take(padded, other[:, :, None])
            boxes = take(tiles.boxes, tile[:, None])
            yield Block(tile, other, pair_overlaps(wanted, boxes, mode))


def block_size(boxes: Tensor) -> int:
    """Pairs that are compared at once where these boxes are."""
    return _CUDA_BLOCK if boxes.is_cuda else _CPU_BLOCK


def _touching(tiled: Tensor, others: Tensor) -> Tensor:
    """(T, M) mask: which of (4, M) corners reach into the rectangle around
    each of (4, T, TILE)."""
    low, high = tiled[:2].amin(2), tiled[2:].amax(2)
    touching = others[0] < high[0, :, None]
    touching &= others[1] < high[1, :, None]
    touching &= others[2] > low[0, :, None]
    touching &= others[3] > low[1, :, None]
    return touching


def _group(touching: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Tiles with about equally many others, from their (S, M) mask: (T,) and
    (T, K) indices."""
    total = int(torch.count_nonzero(touching))
    start = 0
    for part in touching.chunk(max(1, -(-total // _TOUCHING_AT_ONCE))):
        tiles, others = part.nonzero().T
        counts = torch.bincount(tiles, minlength=len(part))
        count, tile = counts.sort(descending=True)
        first = (counts.cumsum(0) - counts)[tile]
        size = block_size(touching) // TILE
        for span, most in _spans(count.cpu().numpy(), size):
            slot = torch.arange(most, device=count.device)
            index = (first[span, None] + slot).clamp_(max=len(others) - 1)
            padding = slot >= count[span, None]
            other = others[index].masked_fill_(padding, part.shape[1])
            yield tile[span] + start, other
        start += len(part)


def _spans(counts: np.ndarray, size: int) -> Iterator[tuple[slice, int]]:
    """Cut falling counts into spans of at most ``size`` once each is filled
    up to its largest, and of counts above half the largest."""
    rising = -counts
    start, end = 0, int(np.searchsorted(rising, 0))
    while start < end:
        most = int(counts[start])
        half = int(np.searchsorted(rising, -(most // 2)))
        stop = min(end, start + max(1, size // most), half)
        yield slice(start, stop), most
        start = stop
