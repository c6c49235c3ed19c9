"""Overlapping tiles that cover an image evenly."""

import math

import numpy as np


def tile_starts(length: int, tile: int, count: int) -> np.ndarray:
    """Starts of ``count`` tiles spread evenly from edge to edge.

    Args:
        length (int): Side of the image, pixels.
        tile (int): Side of a tile, at most ``length``.
        count (int): How many, at least 1.

    Returns:
        np.ndarray: int64, ascending, each once; the first is 0, the last, of
        two or more, ``length - tile``.
    """
    return np.unique(
        np.rint(np.linspace(0, length - tile, count)).astype(np.int64)
    )


def tiles_needed(length: int, tile: int, overlap: float) -> int:
    """The fewest tiles that cover ``length`` and share ``overlap`` of a tile.

    ``n`` tiles cover ``tile (1 + (n - 1) (1 - overlap))`` pixels.

    Args:
        length (int): Side of the image, pixels.
        tile (int): Side of a tile, pixels.
        overlap (float): What neighbours have in common at least, as a share
            of a tile's side, in [0, 1).
    """
    if tile >= length:
        return 1
    more = (length - tile) / (tile * (1 - overlap))
    # 0.8 / 0.4 of a float is 2.0000000000000004 and needs no third tile.
    return 1 + math.ceil(more - 1e-9)


def tile_windows(
    size: tuple[int, int],
    grid: tuple[int, int] | None = None,
    tile_size: tuple[int, int] | None = None,
    overlap: float = 0.0,
) -> np.ndarray:
    """The tiles of an image, row by row.

    Together they cover the image, none reaches out of it, and all have the
    same size. Neighbours share at least ``overlap`` of a tile's side (less
    one pixel of rounding), so that an object up to that size is whole in at
    least one tile.

    Args:
        size (tuple[int, int]): Width and height of the image, pixels.
        grid (tuple[int, int], optional): Columns and rows. A tile's side is
            ``side / (1 + (n - 1) (1 - overlap))``, rounded up.
        tile_size (tuple[int, int], optional): Width and height of a tile,
            pixels; a longer side than the image's becomes the image's. As
            few tiles as cover the image.
        overlap (float): In [0, 1). Defaults to 0.

    Returns:
        np.ndarray: (T, 4) int64, xyxy.

    Example:
        >>> # 3 x 1 tiles of 4 pixels, one pixel in common: 4 + 3 + 3 = 10
        >>> tile_windows((10, 5), grid=(3, 1), overlap=0.25)
        array([[ 0,  0,  4,  5],
               [ 3,  0,  7,  5],
               [ 6,  0, 10,  5]])
    """
    starts, sides = [], []
    for axis, length in enumerate(size):
        if grid is not None:
            count = grid[axis]
            side = math.ceil(length / (1 + (count - 1) * (1 - overlap)) - 1e-9)
        else:
            side = min(tile_size[axis], length)
            count = tiles_needed(length, side, overlap)
        starts.append(tile_starts(length, side, count))
        sides.append(side)
    y, x = (part.ravel() for part in np.meshgrid(*starts[::-1], indexing='ij'))
    return np.stack([x, y, x + sides[0], y + sides[1]], axis=1)
