"""Non-maximum suppression by the pairs that overlap enough.

Where most boxes are kept, comparing each with all that are left takes time by
the square of their number. Yet in a scene of many objects few of them are near
each other: here boxes are sorted by size and place and cut into tiles, and
only tiles whose rectangles touch are compared.
"""

import numpy as np

from portable_ops.nms_overlaps import overlaps_above

# Boxes of a tile: fewer have tighter rectangles, more need fewer of these.
_TILE = 16
# Pairs of boxes that are compared at once, in the second-level cache.
_PAIRS_AT_ONCE = 1 << 16
# Above the threshold, per box. They are stored; where there are more, few
# boxes are kept, and comparing with these alone is as fast.
_MOST_PAIRS = 32
# Per tile, and of all pairs of tiles. Where more touch, sorting wins nothing.
_MOST_TOUCHING, _MOST_OF_ALL = 8, 1 / 8
# Of settling who is kept. Only a chain in which each box suppresses the next
# needs more, and there the blocks of nms.py are faster.
_MOST_ROUNDS = 200
# Bits per side of the place in the sorting key.
_PLACE_BITS = 10


def suppress_by_pairs(
    boxes: np.ndarray, iou_threshold: float, offset: int
) -> np.ndarray | None:
    """Which boxes are kept, if it can be told from few pairs.

    Args:
        boxes: (5, N), rows x1, y1, x2, y2 and area, by descending score.
        iou_threshold, offset: As in :func:`portable_ops.nms.nms`.

    Returns:
        (N,) mask. None if too many pairs overlap, too many boxes depend on
        each other, a number is not finite, or the threshold is negative, so
        that boxes far apart suppress each other too.
    """
    if iou_threshold < 0 or not np.isfinite(boxes).all():
        return None
    num = boxes.shape[1]
    order = np.argsort(_sorting_key(boxes), kind='stable')
    # The last tile is filled up with boxes that overlap nothing.
    fill = -num % _TILE
    nothing = np.array([[np.inf], [np.inf], [-np.inf], [-np.inf], [1]])
    tiles = np.concatenate(
        [boxes[:, order], np.repeat(nothing, fill, 1)], 1, dtype=boxes.dtype
    ).reshape(5, -1, _TILE)
    rank = np.append(order, np.full(fill, num)).reshape(-1, _TILE)
    first, second = _touching_tiles(tiles, offset)
    num_tiles = len(rank)
    if len(first) > num_tiles * max(_MOST_TOUCHING, _MOST_OF_ALL * num_tiles):
        return None
    pairs = _overlapping_pairs(
        tiles, rank, first, second, iou_threshold, offset
    )
    return None if pairs is None else keep_unsuppressed(*pairs, num)


def _sorting_key(boxes: np.ndarray) -> np.ndarray:
    """The octave of the longer side, then the Morton code of the center."""
    # dense_scene has a Morton code of its own, in tiled_iou/tiles.py: this
    # distribution needs torch alone and shares no code with it.
    low, high = boxes[:2], boxes[2:4]
    octave = np.frexp((high - low).max(0))[1].clip(-8, 23) + 8
    center = low + high
    center -= center.min(1, keepdims=True)
    center *= (1 << _PLACE_BITS) / center.max(1, keepdims=True).clip(1e-3)
    x, y = center.clip(0, (1 << _PLACE_BITS) - 1).astype(np.int32)
    key = octave.astype(np.int32) << (2 * _PLACE_BITS)
    return key | _spread(x) | (_spread(y) << 1)


def _spread(values: np.ndarray) -> np.ndarray:
    """A zero between the ten bits of each value."""
    values = (values | (values << 8)) & 0x00FF00FF
    values = (values | (values << 4)) & 0x0F0F0F0F
    values = (values | (values << 2)) & 0x33333333
    return (values | (values << 1)) & 0x55555555


def _touching_tiles(
    tiles: np.ndarray, offset: int
) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of tiles, the first not after the second, whose rectangles do."""
    left, top = tiles[:2].min(2)
    right, bottom = tiles[2:4].max(2) + offset
    touching = left[:, None] <= right
    touching &= touching.T
    vertical = top[:, None] <= bottom
    touching &= vertical
    touching &= vertical.T
    return np.nonzero(np.triu(touching))


def _overlapping_pairs(
    tiles: np.ndarray,
    rank: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    iou_threshold: float,
    offset: int,
) -> tuple[np.ndarray, np.ndarray] | None:
    """The better and the worse box of each pair above the threshold."""
    step = _PAIRS_AT_ONCE // _TILE**2
    left, parts = _MOST_PAIRS * rank.size, [(rank[0, :0], rank[0, :0])]
    with np.errstate(invalid='ignore', divide='ignore'):
        for start in range(0, len(first), step):
            a, b = first[start : start + step], second[start : start + step]
            above = overlaps_above(
                tiles[:, a], tiles[:, b], iou_threshold, offset
            )
            pair, row, column = np.nonzero(above)
            one, two = rank[a[pair], row], rank[b[pair], column]
            # Within a tile each pair comes twice, and each box with itself.
            once = (a != b)[pair] | (one < two)
            parts.append((one[once], two[once]))
            left -= len(parts[-1][0])
            if left < 0:
                return None
    one, two = (np.concatenate(column) for column in zip(*parts))
    return np.minimum(one, two), np.maximum(one, two)


def keep_unsuppressed(
    better: np.ndarray, worse: np.ndarray, num: int
) -> np.ndarray | None:
    """(num,) mask: what no kept better box suppresses; None if unsettled.

    Boxes are numbered by falling score; ``better[i]`` suppresses ``worse[i]``.

    The one fixed point of that rule. From "all kept" on, each round settles
    at least the next box that is not; in practice a few rounds settle all.
    """
    keep = np.ones(num, bool)
    for _ in range(_MOST_ROUNDS):
        settled = np.ones(num, bool)
        settled[worse[keep[better]]] = False
        if np.array_equal(settled, keep):
            return keep
        keep = settled
    return None
