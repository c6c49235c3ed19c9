"""Which boxes overlap which, found and compared in small dense blocks.

The boxes are put in an order in which neighbours have about the same place
and size, and cut into tiles of equally many. What overlaps a box overlaps
the rectangle around its tile too, so a tile is compared with the few others
that touch this rectangle. Tiles with about equally many of them make one
dense block: no operation works on single pairs, and no matrix of all pairs
is ever there. What still grows with the number of all pairs is the comparison
of rectangles, one for each 64 pairs.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from .pairs import Boxes, pair_overlaps

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


class Tiles(NamedTuple):
    """Boxes in tiles.

    Attributes:
        boxes (Boxes): (4, T, TILE) and (T, TILE). The last tile is filled
            up with boxes that overlap nothing.
        order (Tensor): (N,), the box at each place, tile by tile.
    """

    boxes: Boxes
    order: Tensor

    def place(self, values: Tensor) -> Tensor:
        """Give (T, TILE) values of the boxes the order of the boxes, (N,)."""
        values = values.flatten()[: len(self.order)]
        return torch.empty_like(values).scatter_(0, self.order, values)


def fill_empty(boxes: Boxes, where: Tensor) -> Boxes:
    """Replace some boxes by such as overlap nothing.

    Args:
        boxes (Boxes): (4, N) and (N,).
        where (Tensor): (N,) mask.
    """
    corners, areas = _empty_boxes(boxes.areas, 1)
    return Boxes(
        torch.where(where, corners, boxes.corners),
        torch.where(where, areas, boxes.areas),
    )


def _empty_boxes(like: Tensor, num: int) -> Boxes:
    """Boxes from +inf to -inf: they overlap nothing, inf included, and widen
    no rectangle. Their area of 1 keeps the division finite."""
    corners = like.new_full((4, num), torch.inf)
    corners[2:] = -torch.inf
    return Boxes(corners, like.new_ones(num))


def _append_empty(boxes: Boxes, num: int) -> Boxes:
    more = _empty_boxes(boxes.areas, num)
    return Boxes(
        torch.cat([boxes.corners, more.corners], 1),
        torch.cat([boxes.areas, more.areas]),
    )


def tile_boxes(boxes: Boxes) -> Tiles:
    """Sort boxes by size and place and cut them into tiles.

    Args:
        boxes (Boxes): (4, N) and (N,), N > 0. NaN and infinity are fine:
            the order changes the time, not the result.
    """
    order = _sorting_key(boxes.corners.float()).sort().indices
    boxes = Boxes(boxes.corners[:, order], boxes.areas[order])
    corners, areas = _append_empty(boxes, -len(order) % TILE)
    tiled = Boxes(corners.view(4, -1, TILE), areas.view(-1, TILE))
    return Tiles(tiled, order)


def _sorting_key(corners: Tensor) -> Tensor:
    """Half octaves of width and height, then the Morton code of the centre:
    (N,) int32."""
    low, high = corners[:2], corners[2:]
    # From a fifth of a pixel to 8,000; what is beyond shares the last one.
    size = (high - low).clamp(min=1e-3).log2().mul_(2).add_(5)
    wide, tall = _to_int(size, _SIZE_BITS)
    centre = torch.nan_to_num(low + high)
    least = centre.amin(1, keepdim=True)
    extent = (centre.amax(1, keepdim=True) - least).clamp(min=1e-3)
    scale = (1 << _PLACE_BITS) / extent
    x, y = _to_int((centre - least) * scale, _PLACE_BITS)
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
    tiles: Tiles, others: Boxes, mode: str = 'iou', everything: bool = False
) -> Iterator[Block]:
    """Compare tiles with what they may overlap, each tile in one block.

    A tile that overlaps nothing is in none.

    Args:
        tiles (Tiles): Of :func:`tile_boxes`.
        others (Boxes): (4, M) and (M,), M > 0, the type of the tiles.
        mode (str): 'iou', or the intersection over the 'tiled' box's area
            or over the 'other' one's.
        everything (bool): Compare all with all. Needed for boxes that are
            not finite, whose overlap is NaN wherever they are.
    """
    step = max(1, _RECTANGLES_AT_ONCE // others.areas.numel())
    padded = _append_empty(others, 1)
    for start in range(0, len(tiles.boxes.areas), step):
        part = slice(start, start + step)
        touching = _touching(tiles.boxes.corners[:, part], others.corners)
        if everything:
            touching.fill_(True)
        for tile, other in _group_in_parts(touching):
            tile = tile + start
            yield Block(
                tile,
                other,
                pair_overlaps(
                    take(padded, other[:, :, None]),
                    take(tiles.boxes, tile[:, None]),
                    mode,
                ),
            )


def block_size(boxes: Tensor) -> int:
    """Pairs that are compared at once where these boxes are."""
    return _CUDA_BLOCK if boxes.is_cuda else _CPU_BLOCK


def take(boxes: Boxes, index: Tensor) -> Boxes:
    """Boxes at an index along the first dimension after the corners'."""
    if boxes.areas.dim() > 1:
        return Boxes(boxes.corners[:, index], boxes.areas[index])
    shape = (4, *index.shape)
    flat = index.flatten()
    return Boxes(
        boxes.corners.index_select(1, flat).view(shape),
        boxes.areas.index_select(0, flat).view(index.shape),
    )


def _touching(tiled: Tensor, others: Tensor) -> Tensor:
    """(T, M) mask: which of (4, M) corners reach into the rectangle around
    each of (4, T, TILE)."""
    low, high = tiled[:2].amin(2), tiled[2:].amax(2)
    touching = others[0] < high[0, :, None]
    touching &= others[1] < high[1, :, None]
    touching &= others[2] > low[0, :, None]
    touching &= others[3] > low[1, :, None]
    return touching


def _group_in_parts(touching: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """:func:`_group` of as many tiles at once as touch not too many."""
    count = int(torch.count_nonzero(touching))
    start = 0
    for part in touching.chunk(max(1, -(-count // _TOUCHING_AT_ONCE))):
        for tile, other in _group(part):
            yield tile + start, other
        start += len(part)


def _group(touching: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Tiles with about equally many others: (T,) and (T, K) indices.

    Args:
        touching (Tensor): (S, M) mask of tiles and others.
    """
    none = touching.shape[1]
    tiles, others = touching.nonzero().T
    counts = torch.bincount(tiles, minlength=len(touching))
    count, tile = counts.sort(descending=True)
    first = (counts.cumsum(0) - counts)[tile]
    size = block_size(touching) // TILE
    for part, most in _spans(count.cpu().numpy(), size):
        slot = torch.arange(most, device=count.device)
        index = (first[part, None] + slot).clamp_(max=len(others) - 1)
        padding = slot >= count[part, None]
        yield tile[part], others[index].masked_fill_(padding, none)


def _spans(counts: np.ndarray, size: int) -> Iterator[tuple[slice, int]]:
    """Cut falling counts into spans of at most ``size`` once each is filled
    up to its largest, and of counts above half the largest."""
    rising = -counts
    start, end = 0, int(np.searchsorted(rising, 0))
    while start < end:
        most = int(counts[start])
        stop = min(
            end,
            start + max(1, size // most),
            int(np.searchsorted(rising, -(most // 2))),
        )
        yield slice(start, stop), most
        start = stop
