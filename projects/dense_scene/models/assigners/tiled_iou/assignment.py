"""Objects for priors by IoU, without the matrix of all pairs."""

from typing import NamedTuple

import torch
from torch import Tensor

from .pairs import Boxes, compare_all, split_boxes
from .peaks import ObjectPeaks
from .tiles import block_size, overlap_blocks, tile_boxes

# Up to so many objects, or pairs, comparing all is faster than sorting the
# priors; of 2,000 proposals up to 500 objects.
_FEW_OBJECTS = 4
_FEW_PAIRS = 1 << 20


class MaxIoURule(NamedTuple):
    """When a prior is positive or negative.

    Attributes:
        positive (float): IoU from which a prior gets its best object.
        negative (tuple): A prior is background if its largest IoU is at
            least the first and below the second.
        match_low_quality (bool): Also give each object its best prior.
        min_positive (float): If their IoU is at least this.
        match_all (bool): All its best priors if there are several, else the
            first.
    """

    positive: float
    negative: tuple[float, float]
    match_low_quality: bool = True
    min_positive: float = 0.0
    match_all: bool = True


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
    wins; of objects that claim their best prior the last. The README beside
    this file tells how.

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
    find = _match_matrix if _are_few(priors, objects) else _match_tiles
    most, owners, claims = find(*sides, rule, ignored, wide)
    low, high = rule.negative
    gt_inds = ((most >= low) & (most < high)).long() - 1
    gt_inds = torch.where(most >= rule.positive, owners + 1, gt_inds)
    return torch.where(claims > 0, claims, gt_inds), most


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
    for block in overlap_blocks(tiles, sides[1], mode):
        covered[block.tiles] = block.overlaps.amax(1).to(wide)
    return tiles.place(covered) > threshold


def _are_few(priors: Tensor, others: Tensor) -> bool:
    """Whether to compare all pairs at once, in memory linear in priors."""
    most = max(block_size(priors), _FEW_PAIRS, _FEW_OBJECTS * len(priors))
    return len(priors) * len(others) <= most


def _match_matrix(
    priors: Boxes,
    objects: Boxes,
    rule: MaxIoURule,
    ignored: Tensor | None,
    dtype: torch.dtype,
) -> tuple[Tensor, Tensor, Tensor]:
    """Of each prior, (N,): its largest overlap, the first object that has
    it, and the last object, plus 1, whose best prior it is, or 0."""
    overlaps = compare_all(objects, priors).to(dtype)
    if ignored is not None:
        overlaps.masked_fill_(ignored, -1)
    most, owners = overlaps.max(0)
    claims = torch.zeros_like(owners)
    if rule.match_low_quality:
        best, prior = overlaps.max(1)
        row = torch.arange(len(best), device=best.device)
        if rule.match_all:
            # Few pairs are an object's best: less than (M, N) int64.
            row, prior = (overlaps == best[:, None]).nonzero().T
        number = (row + 1) * (best >= rule.min_positive)[row]
        claims.scatter_reduce_(0, prior, number, 'amax')
    return most, owners, claims


def _match_tiles(
    priors: Boxes,
    objects: Boxes,
    rule: MaxIoURule,
    ignored: Tensor | None,
    dtype: torch.dtype,
) -> tuple[Tensor, Tensor, Tensor]:
    """The same by tiles; the object is known where it is a positive."""
    tiles = tile_boxes(priors, ignored)
    if ignored is None:
        ignored = torch.zeros_like(priors.areas, dtype=torch.bool)
    most = torch.zeros_like(tiles.boxes.areas, dtype=dtype)
    owners = torch.zeros_like(most, dtype=torch.long)
    peaks = ObjectPeaks(tiles, objects, rule.min_positive, dtype)
    for block in overlap_blocks(tiles, objects):
        top = block.overlaps.amax(1).to(dtype)
        most[block.tiles] = top
        # The index of a maximum costs as much as all the rest, and only
        # the few positives need it.
        tile, lane = ((top >= rule.positive) & (top > 0)).nonzero().T
        first = block.overlaps[tile, :, lane].argmax(1)
        owners[block.tiles[tile], lane] = block.others[tile, first]
        if rule.match_low_quality:
            peaks.add(block)
    most = tiles.place(most).masked_fill_(ignored, -1)
    claims = torch.zeros_like(tiles.order)
    if rule.match_low_quality:
        claims = peaks.claims(ignored, rule.match_all)
    return most, tiles.place(owners), claims
