"""Objects for priors by IoU, without the matrix of all pairs."""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from .matrix import MaxIoURule, assign_by_matrix
from .pairs import Boxes, compare_all, pair_overlaps, split_boxes
from .peaks import PeakRecords
from .tiles import (
    Tiles,
    block_size,
    fill_empty,
    overlap_blocks,
    take,
    tile_boxes,
)

# Up to so many objects, or pairs, comparing all is faster than sorting the
# priors; of 2,000 proposals up to 500 objects.
_FEW_OBJECTS = 4
_FEW_PAIRS = 1 << 20
# Rows of TILE pairs that are compared once more at a time.
_ROWS_AT_ONCE = 1 << 11


class _Best(NamedTuple):
    """The largest overlaps.

    Attributes:
        priors (Tensor): (T, TILE), of each prior.
        owners (Tensor): (T, TILE), its object where that is a positive.
        objects (Tensor): (M + 1,), of each object; the last is no object.
        records (PeakRecords): Tiles that hold an object's largest overlap,
            where it is enough for a low-quality match.
    """

    priors: Tensor
    owners: Tensor
    objects: Tensor
    records: PeakRecords


@torch.no_grad()
def assign_max_iou(
    priors: Tensor,
    objects: Tensor,
    rule: MaxIoURule,
    ignored: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """The object that each prior is assigned to.

    Source: ``mmdet.MaxIoUAssigner``, whose result it gives bit by bit, ties
    and NaN included. Of objects that overlap a prior equally the first
    wins; of objects that claim their best prior the last. The time follows
    the number of pairs that overlap (see :mod:`.tiles`). Memory grows with the
    number of priors and objects and not with their product. Where a
    coordinate or an area is not finite all pairs are compared, in the same
    memory.

    Args:
        priors (Tensor): (N, 4), xyxy, any unit.
        objects (Tensor): (M, 4), the same.
        rule (MaxIoURule): Thresholds.
        ignored (Tensor, optional): (N,) mask of priors that match nothing.

    Returns:
        tuple: (N,) int64, index of the object plus 1, 0 for background and
        -1 for neither; and (N,) the largest IoU, -1 where ignored, in
        float32 or float64.
    """
    dtype = torch.promote_types(priors.dtype, objects.dtype)
    wide = torch.promote_types(dtype, torch.float32)
    if not len(priors) or not len(objects):
        nothing = priors.new_zeros(len(priors), dtype=wide)
        return torch.zeros_like(nothing, dtype=torch.long), nothing
    sides = split_boxes(priors, dtype), split_boxes(objects, dtype)
    if _are_few(priors, objects):
        overlaps = compare_all(*sides[::-1]).to(wide)
        if ignored is not None:
            overlaps.masked_fill_(ignored, -1)
        return assign_by_matrix(overlaps, rule)
    everything = not _all_finite(*sides)
    if ignored is None:
        ignored = priors.new_zeros(len(priors), dtype=torch.bool)
    tiles = tile_boxes(fill_empty(sides[0], ignored))
    best = _best_overlaps(tiles, sides[1], rule, everything, wide)

    overlaps = tiles.place(best.priors).masked_fill_(ignored, -1)
    low, high = rule.negative
    gt_inds = torch.full_like(overlaps, -1, dtype=torch.long)
    gt_inds[(overlaps >= low) & (overlaps < high)] = 0
    owners = tiles.place(best.owners) + 1
    gt_inds = torch.where(overlaps >= rule.positive, owners, gt_inds)
    if rule.match_low_quality:
        pairs = _best_pairs(tiles, sides[1], best, rule, everything)
        claims = _claims(pairs, best.objects, rule, ignored)
        gt_inds = torch.where(claims > 0, claims, gt_inds)
    return gt_inds, overlaps


def covered_priors(
    priors: Tensor, regions: Tensor, threshold: float, of_priors: bool = True
) -> Tensor:
    """Priors that some region covers by more than a threshold.

    Args:
        priors (Tensor): (N, 4), xyxy, any unit.
        regions (Tensor): (M, 4), the same.
        threshold (float): Of the intersection over area, positive.
        of_priors (bool): Over the prior's area, or over the region's.

    Returns:
        Tensor: (N,) mask. With a region that is NaN no prior is covered, as
        in mmdet.
    """
    if not len(priors) or not len(regions):
        return priors.new_zeros(len(priors), dtype=torch.bool)
    dtype = torch.promote_types(priors.dtype, regions.dtype)
    sides = split_boxes(priors, dtype), split_boxes(regions, dtype)
    mode = 'tiled' if of_priors else 'other'
    wide = torch.promote_types(dtype, torch.float32)
    if _are_few(priors, regions):
        return compare_all(*sides[::-1], mode).amax(0).to(wide) > threshold
    tiles = tile_boxes(sides[0])
    covered = torch.zeros_like(tiles.boxes.areas, dtype=wide)
    everything = not _all_finite(*sides)
    for block in overlap_blocks(tiles, sides[1], mode, everything):
        covered[block.tiles] = block.overlaps.amax(1).to(wide)
    return tiles.place(covered) > threshold


def _are_few(priors: Tensor, others: Tensor) -> bool:
    """Whether to compare all pairs at once, in memory linear in priors."""
    most = max(block_size(priors), _FEW_PAIRS, _FEW_OBJECTS * len(priors))
    return len(priors) * len(others) <= most


def _all_finite(*sides: Boxes) -> bool:
    return all(
        bool(torch.isfinite(side.corners).all() & side.areas.isfinite().all())
        for side in sides
    )


def _best_overlaps(
    tiles: Tiles,
    objects: Boxes,
    rule: MaxIoURule,
    everything: bool,
    dtype: torch.dtype,
) -> _Best:
    """The largest overlap of every prior and every object."""
    priors = torch.zeros_like(tiles.boxes.areas, dtype=dtype)
    owners = torch.zeros_like(priors, dtype=torch.long)
    best = objects.areas.new_zeros(len(objects.areas) + 1, dtype=dtype)
    records = PeakRecords(best)
    for block in overlap_blocks(tiles, objects, everything=everything):
        top = block.overlaps.amax(1).to(dtype)
        priors[block.tiles] = top
        # The index of a maximum costs as much as all the rest, and only
        # the few positives need it.
        tile, lane = ((top >= rule.positive) & (top > 0)).nonzero().T
        first = block.overlaps[tile, :, lane].argmax(1)
        owners[block.tiles[tile], lane] = block.others[tile, first]
        if rule.match_low_quality:
            peak = block.overlaps.amax(2).to(dtype)
            best.scatter_reduce_(
                0, block.others.flatten(), peak.flatten(), 'amax'
            )
            here = (peak >= best[block.others]) & (peak > 0)
            here &= peak >= rule.min_positive
            tile, slot = here.nonzero().T
            records.add(
                block.tiles[tile], block.others[tile, slot], peak[here]
            )
    return _Best(priors, owners, best, records)


def _claims(
    pairs: Iterator[tuple[Tensor, Tensor]],
    best: Tensor,
    rule: MaxIoURule,
    ignored: Tensor,
) -> Tensor:
    """(N,) the last object, plus 1, whose best prior each is, or 0."""
    claims = _claims_of_unmatched(best[:-1], rule, ignored)
    if rule.match_all:
        for prior, row in pairs:
            claims.scatter_reduce_(0, prior, row + 1, 'amax')
        return claims
    first = torch.full_like(best, len(ignored), dtype=torch.long)
    for prior, row in pairs:
        first.scatter_reduce_(0, row, prior, 'amin')
    row = torch.arange(1, len(first) + 1, device=first.device)
    claims = torch.cat([claims, claims[:1]])  # a place for who claims none
    return claims.scatter_reduce_(0, first, row, 'amax')[:-1]


def _claims_of_unmatched(
    best: Tensor, rule: MaxIoURule, ignored: Tensor
) -> Tensor:
    """Claims (N,) of the objects, (M,), that overlap no prior.

    Where 0 is enough such an object claims every prior, since all are equal
    to it. So mmdet has it, whose default ``min_pos_iou`` is 0.
    """
    nothing_left = ignored.all()
    value = torch.where(nothing_left, -1, best)
    claiming = (value >= rule.min_positive) & (best <= 0)
    number = torch.arange(1, len(best) + 1, device=best.device)
    claimed = ~ignored | nothing_left
    if not rule.match_all:
        first = claimed.int().argmax(0, keepdim=True)
        claimed = torch.zeros_like(claimed).scatter_(0, first, True)
    return (number * claiming).amax() * claimed


def _best_pairs(
    tiles: Tiles,
    objects: Boxes,
    best: _Best,
    rule: MaxIoURule,
    everything: bool,
) -> Iterator[tuple[Tensor, Tensor]]:
    """Every prior and object whose overlap is the object's largest.

    Equal boxes can make them all pairs there are, so they come in parts.
    """
    if not best.records.complete:
        enough = (best.objects > 0) & (best.objects >= rule.min_positive)
        most = best.objects.masked_fill(~enough, -1)  # equals no overlap
        for block in overlap_blocks(tiles, objects, everything=everything):
            peak = most[block.others]
            ties = block.overlaps == peak[:, :, None]
            at, slot, lane = ties.nonzero().T
            place = block.tiles[at] * block.overlaps.shape[2] + lane
            yield tiles.order[place], block.others[at, slot]
        return
    for tile, row in zip(
        *(part.split(_ROWS_AT_ONCE) for part in best.records.largest())
    ):
        overlaps = pair_overlaps(
            take(objects, row[:, None]), take(tiles.boxes, tile)
        )
        at, lane = (overlaps == best.objects[row, None]).nonzero().T
        place = tile[at] * overlaps.shape[1] + lane
        yield tiles.order[place], row[at]
