"""The priors that each object overlaps most: low-quality matches."""

from collections.abc import Iterator

import torch
from torch import Tensor

from .pairs import Boxes, pair_overlaps, take
from .tiles import Block, Tiles, overlap_blocks

# Records of three numbers. A crowded shelf has some ten thousand.
_MOST = 1 << 17
# Of which so many, rows of TILE pairs, are compared once more at a time.
_ROWS_AT_ONCE = 1 << 11


class ObjectPeaks:
    """The largest overlap of each object, from a stream of blocks.

    What an object has found so far rises while blocks come. A tile is
    recorded for the object if no larger overlap was known when it came; at
    the end only the recorded rows of TILE pairs are compared once more, to
    find which priors have the largest. Where ties make too many records
    (equal boxes, boxes that hold all others), all are given up, and all
    blocks are compared again.

    Args:
        tiles (Tiles): Of the N priors.
        objects (Boxes): (4, M) and (M,).
        least (float): Overlap from which an object claims its best prior.
        dtype (torch.dtype): Of the overlaps.
    """

    def __init__(
        self, tiles: Tiles, objects: Boxes, least: float, dtype: torch.dtype
    ) -> None:
        self._tiles, self._objects, self._least = tiles, objects, least
        # (M + 1,), of each object; the last is no object.
        num = len(objects.areas) + 1
        self._best = objects.areas.new_zeros(num, dtype=dtype)
        # Tile, object and value of each record, in one place: a list that
        # grows, between blocks that are freed, keeps glibc from using their
        # memory again. On the CPU only the pages in use are taken.
        index = tiles.order.new_empty(2, _MOST)
        self._columns = [*index, self._best.new_empty(_MOST)]
        self._count = 0
        self._complete = True

    def add(self, block: Block) -> None:
        """Take the largest overlaps of a block."""
        peak = block.overlaps.amax(2).to(self._best.dtype)
        self._best.scatter_reduce_(
            0, block.others.flatten(), peak.flatten(), 'amax'
        )
        here = (peak >= self._best[block.others]) & (peak > 0)
        tile, slot = (here & (peak >= self._least)).nonzero().T
        if self._complete:
            self._record(
                block.tiles[tile], block.others[tile, slot], peak[tile, slot]
            )

    def claims(self, ignored: Tensor, match_all: bool) -> Tensor:
        """The objects that claim priors as their best.

        Args:
            ignored (Tensor): (N,) mask of priors that match nothing.
            match_all (bool): Whether an object claims all priors that are
                equally good, or the first.

        Returns:
            Tensor: (N,) int64, the last object, plus 1, or 0.
        """
        claims = self._claims_of_unmatched(ignored, match_all)
        pairs = self._pairs()
        for prior, row in pairs if match_all else self._first(pairs):
            claims.scatter_reduce_(0, prior, row + 1, 'amax')
        return claims

    def _record(self, *new: Tensor) -> None:
        if self._count + len(new[0]) > _MOST:
            self._forget_beaten()
            # Not each time by a few: that would be quadratic.
            self._complete = self._count + len(new[0]) <= _MOST // 2
            if not self._complete:
                return
        start = self._count
        self._count += len(new[0])
        for column, values in zip(self._columns, new):
            column[start : self._count] = values

    def _forget_beaten(self) -> None:
        kept = [column[: self._count] for column in self._columns]
        last = kept[2] == self._best[kept[1]]
        self._count = 0
        self._record(*(column[last] for column in kept))

    def _claims_of_unmatched(self, ignored: Tensor, match_all: bool) -> Tensor:
        """Claims (N,) of the objects that overlap no prior.

        Where 0 is enough such an object claims every prior, since all are
        equal to it. So mmdet has it, whose default ``min_pos_iou`` is 0.
        """
        best = self._best[:-1]
        nothing_left = ignored.all()
        value = torch.where(nothing_left, -1, best)
        claiming = (value >= self._least) & (best <= 0)
        number = torch.arange(1, len(best) + 1, device=best.device)
        claimed = ~ignored | nothing_left
        if not match_all:
            first = claimed.int().argmax(0, keepdim=True)
            claimed = torch.zeros_like(claimed).scatter_(0, first, True)
        return (number * claiming).amax() * claimed

    def _first(
        self, pairs: Iterator[tuple[Tensor, Tensor]]
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Of the priors of each object the first."""
        none = len(self._tiles.order)
        first = torch.full_like(self._best, none, dtype=torch.long)
        for prior, row in pairs:
            first.scatter_reduce_(0, row, prior, 'amin')
        row = (first < none).nonzero().squeeze(1)
        yield first[row], row

    def _pairs(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Every prior and object whose overlap is the object's largest.

        Equal boxes can make them all pairs there are, so they come in parts.
        """
        boxes, order, _ = self._tiles
        if self._complete:
            self._forget_beaten()
            records = (c[: self._count] for c in self._columns[:2])
            for tile, row in zip(*(c.split(_ROWS_AT_ONCE) for c in records)):
                objects = take(self._objects, row[:, None])
                overlaps = pair_overlaps(objects, take(boxes, tile))
                at, lane = (overlaps == self._best[row, None]).nonzero().T
                yield order[tile[at] * overlaps.shape[1] + lane], row[at]
            return
        enough = (self._best > 0) & (self._best >= self._least)
        most = self._best.masked_fill(~enough, -1)  # equals no overlap
        for block in overlap_blocks(self._tiles, self._objects):
            ties = block.overlaps == most[block.others][:, :, None]
            at, slot, lane = ties.nonzero().T
            place = block.tiles[at] * block.overlaps.shape[2] + lane
            yield order[place], block.others[at, slot]
