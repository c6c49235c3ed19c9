"""Large photos in overlapping tiles, merged so that nothing counts twice."""

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..utils import checks
from ..utils.boxes import box_areas, overlapping_pairs, shared_areas
from ..visualization.dense_picture import PictureBoxes
from .detector import Detector

# Tiles share this part of their side, or more.
OVERLAP = 0.25
# From here on two boxes of different tiles are one object, as in AP50.
SAME_IOU = 0.5
# A box ends at a seam if it comes so close, in pixels and parts of its side.
_SEAM_PIXELS, _SEAM_SHARE = 2.0, 0.03
# Two cut boxes are one object if they share so much of the seam.
_SAME_EXTENT = 0.6


class Tile(NamedTuple):
    """A part of an image, in its pixels; the ends are not inside."""

    x1: int
    y1: int
    x2: int
    y2: int


def plan_tiles(
    size: tuple[int, int], tiles: str, auto_side: int = 1024
) -> list[Tile]:
    """Equal overlapping tiles that cover an image.

    Args:
        size (tuple[int, int]): Width and height of the image.
        tiles (str): 'auto': of ``auto_side``; a side in pixels, at least 64;
            or ``ROWSxCOLS``.
        auto_side (int): What a model sees without making it smaller.

    Returns:
        list[Tile]: Row by row. Neighbors share a quarter of a tile or more,
        so that an object of up to that size is whole in one of them. One
        tile, the image, where the image is no larger than a tile.
    """
    if grid := re.fullmatch(r'([1-9]\d?)x([1-9]\d?)', tiles):
        rows, columns = map(int, grid.groups())
        spans = [_divide(size[0], columns), _divide(size[1], rows)]
    elif tiles == 'auto' or re.fullmatch(r'\d{2,5}', tiles):
        side = auto_side if tiles == 'auto' else int(tiles)
        side = checks.integer('a side of --tiles', side, 64)
        # One pixel less, since starts are rounded.
        step = int(side * (1 - OVERLAP)) - 1
        counts = (-(-max(0, length - side) // step) + 1 for length in size)
        spans = [_spread(*pair, side) for pair in zip(size, counts)]
    else:
        raise ValueError(
            'tiles must be auto, ROWSxCOLS (as 2x3) or a side in pixels (as '
            f'1024), but got {tiles!r}.'
        )
    return [Tile(x1, y1, x2, y2) for y1, y2 in spans[1] for x1, x2 in spans[0]]


def _divide(length: int, count: int) -> list[tuple[int, int]]:
    """``count`` spans of the side s with s (1 + 3/4 (count - 1)) = length."""
    side = -int(-length // (1 + (1 - OVERLAP) * (count - 1)))
    return _spread(length, count, side)


def _spread(length: int, count: int, side: int) -> list[tuple[int, int]]:
    """Spans of ``side`` whose starts are spread evenly over a length."""
    side = min(side, length)
    starts = np.rint(np.linspace(0, length - side, count)).astype(int)
    return [(start, start + side) for start in sorted(set(starts.tolist()))]


class TiledDetector:
    """A detector that looks at large images tile by tile.

    The model never sees more than ``batch_size`` tiles; only the image itself
    has to fit into memory as well.

    Args:
        detector (Detector): Looks at each tile.
        tiles (str): See :func:`plan_tiles`.
        batch_size (int): Tiles at a time. Defaults to 1.
        auto_side (int): Of 'auto'. Defaults to 1024.
    """

    def __init__(
        self,
        detector: Detector,
        tiles: str,
        batch_size: int = 1,
        auto_side: int = 1024,
    ) -> None:
        plan_tiles((1, 1), tiles, auto_side)  # refuses what it cannot read
        self.detector, self.classes = detector, detector.classes
        self.loader = getattr(detector, 'loader', {})
        self.tiles, self.auto_side = tiles, auto_side
        self.batch_size = checks.positive_integer('batch_size', batch_size)

    def __call__(self, images: Sequence[np.ndarray]) -> list[PictureBoxes]:
        """Boxes of (H, W, 3) images, one image after the other."""
        return [self._look_at(image) for image in images]

    def _look_at(self, image: np.ndarray) -> PictureBoxes:
        size = image.shape[1], image.shape[0]
        tiles = plan_tiles(size, self.tiles, self.auto_side)
        found = []
        for start in range(0, len(tiles), self.batch_size):
            parts = [
                np.ascontiguousarray(image[y1:y2, x1:x2])
                for x1, y1, x2, y2 in tiles[start : start + self.batch_size]
            ]
            found += self.detector(parts)
        return merge_tiles(found, tiles, size)


def merge_tiles(
    found: Sequence[PictureBoxes], tiles: Sequence[Tile], size: tuple[int, int]
) -> PictureBoxes:
    """The boxes of all tiles, each object once.

    Whole boxes come first, by falling score, then those that end at a seam. A
    box goes if a kept one of its class and of another tile has an IoU above
    0.5 with it, or, where it ends at a seam, covers more than half of it. Of
    an object larger than the overlap, which is cut in every tile, the pieces
    are joined first. Boxes of one tile do not touch each other: the model has
    settled these.

    Args:
        found (Sequence[PictureBoxes]): Of each tile, in the tile's pixels.
        tiles (Sequence[Tile]): Where the tiles are.
        size (tuple[int, int]): Width and height of the image.

    Returns:
        PictureBoxes: In the image's pixels, by falling score.
    """
    shifts = [np.array(tile[:2] * 2) for tile in tiles]
    boxes = np.concatenate(
        [part.boxes.astype(np.float64) + s for part, s in zip(found, shifts)]
    )
    labels = np.concatenate([part.labels for part in found])
    scores = np.concatenate([part.scores for part in found])
    tile = np.repeat(np.arange(len(tiles)), [len(part) for part in found])
    cut = _find_cut(boxes, np.array(tiles)[tile], size)
    boxes, scores, cut = _join_pieces(boxes, labels, scores, tile, cut)
    keep = _suppress(boxes, labels, scores, tile, cut.any(axis=1))
    order = keep[np.argsort(-scores[keep], kind='stable')]
    return PictureBoxes(boxes[order], labels[order], scores[order])


def _find_cut(
    boxes: np.ndarray, tiles: np.ndarray, size: tuple[int, int]
) -> np.ndarray:
    """(N, 4) bool: which sides of a box end at a side of its tile.

    A side of the image is no seam.
    """
    tiles = tiles.reshape(-1, 4)
    sides = np.tile(boxes[:, 2:] - boxes[:, :2], 2)
    near = np.maximum(_SEAM_PIXELS, _SEAM_SHARE * sides)
    inner = tiles != np.array([0, 0, *size])
    return inner & (np.abs(boxes - tiles) <= near)


def _join_pieces(
    boxes: np.ndarray,
    labels: np.ndarray,
    scores: np.ndarray,
    tile: np.ndarray,
    cut: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pieces that continue each other across a seam become their hull.

    Both are given it, and the better score; the suppression leaves one.
    """
    boxes, scores, cut = boxes.copy(), scores.copy(), cut.copy()
    for axis in (0, 1):  # across a vertical, then across a horizontal seam
        low, high, other = axis, axis + 2, 1 - axis
        rows = np.flatnonzero(cut[:, low] ^ cut[:, high])
        first, second, _ = overlapping_pairs(boxes[rows], boxes[rows])
        first, second = rows[first], rows[second]
        shared = np.minimum(boxes[first, other + 2], boxes[second, other + 2])
        shared -= np.maximum(boxes[first, other], boxes[second, other])
        both = np.maximum(boxes[first, other + 2], boxes[second, other + 2])
        both -= np.minimum(boxes[first, other], boxes[second, other])
        fits = cut[first, high] & cut[second, low]
        fits &= boxes[first, low] < boxes[second, low]
        fits &= boxes[first, high] < boxes[second, high]
        fits &= (tile[first] != tile[second]) & (shared > _SAME_EXTENT * both)
        fits &= labels[first] == labels[second]
        for one, two in zip(first[fits], second[fits]):
            pair = [one, two]
            hull = [*boxes[pair, :2].min(0), *boxes[pair, 2:].max(0)]
            boxes[pair], scores[pair] = hull, scores[pair].max()
            cut[one, high] = cut[two, low] = False
    return boxes, scores, cut


def _suppress(
    boxes: np.ndarray,
    labels: np.ndarray,
    scores: np.ndarray,
    tile: np.ndarray,
    cut: np.ndarray,
) -> np.ndarray:
    """Rows that stay, see :func:`merge_tiles`."""
    rank = np.empty(len(boxes), np.int64)
    order = np.lexsort((-scores, cut))
    rank[order] = np.arange(len(boxes))
    first, second, iou = overlapping_pairs(boxes, boxes)
    later = rank[first] < rank[second]
    later &= (labels[first] == labels[second]) & (tile[first] != tile[second])
    first, second, iou = first[later], second[later], iou[later]
    shared = shared_areas(boxes[first], boxes[second])
    covered = shared > 0.5 * box_areas(boxes)[second]
    hits = (iou > SAME_IOU) | (cut[second] & covered)
    first, second = first[hits], second[hits]
    by_rank = np.argsort(rank[first], kind='stable')
    keep = np.ones(len(boxes), bool)
    for one, two in zip(first[by_rank].tolist(), second[by_rank].tolist()):
        if keep[one]:
            keep[two] = False
    return np.flatnonzero(keep)
