"""Training on tiles of full-resolution images."""

import math

import numpy as np
from mmcv.transforms.utils import cache_randomness
from mmdet.registry import TRANSFORMS

from ....utils import checks
from .window_crop import WindowCrop


def tile_windows(
    size: tuple[int, int],
    grid: tuple[int, int] | None = None,
    tile_size: tuple[int, int] | None = None,
    overlap: float = 0.0,
) -> np.ndarray:
    """The tiles of an image, row by row.

    Together they cover the image, none reaches out of it, and all have the
    same size. Neighbors share at least ``overlap`` of a tile's side (less
    one pixel of rounding): n tiles of a side cover ``side * (1 + (n - 1) *
    (1 - overlap))`` pixels.

    Args:
        size: Width and height of the image, pixels.
        grid: Columns and rows.
        tile_size: Width and height of a tile, pixels, in place of ``grid``; a
            longer side than the image's becomes the image's. As few tiles as
            cover the image.
        overlap: In [0, 1).

    Returns:
        (T, 4) int64, xyxy.

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
            more = (length - side) / (side * (1 - overlap))
            # 0.8 / 0.4 of a float is 2.0000000000000004: no third tile.
            count = 1 + math.ceil(more - 1e-9)
        # Spread evenly from edge to edge.
        places = np.rint(np.linspace(0, length - side, count))
        starts.append(np.unique(places.astype(np.int64)))
        sides.append(side)
    y, x = (part.ravel() for part in np.meshgrid(*starts[::-1], indexing='ij'))
    return np.stack([x, y, x + sides[0], y + sides[1]], axis=1)


@TRANSFORMS.register_module()
class TileCrop(WindowCrop):
    """Give one tile of the image, another one each time.

    Source: training on tiles and testing on full frames, Kozlov
    (arXiv 2006.07825). The paper writes the four tiles of each photo to disk;
    here one is drawn for each sample, so that an epoch is a quarter as long.

    One is drawn from the :func:`tile_windows` with an object to keep, each
    with the same probability. Put it behind the ``Resize`` of the test
    pipeline: objects then have the same size in training and in testing by
    construction.

    Differs from mmdet's ``RandomCrop``: the corners of the image are as
    frequent as its middle; that gives up when its one draw holds no object,
    and keeps every sliver of a box that reaches into the crop as an object.

    Args:
        grid (tuple[int, int], optional): Columns and rows of tiles.
        tile_size (tuple[int, int], optional): Width and height of a tile,
            pixels, in place of ``grid``; as many tiles as are needed to cover
            the image. The image is not padded where it is smaller.
        overlap (float): What neighboring tiles share at least, as a share of
            a tile's side, in [0, 1). An object of up to that size is whole in
            some tile. With ``grid=(2, 2)``, 1/3 makes tiles of 0.6 of the
            image's sides, Kozlov's. Defaults to 0.2.
        kwargs: Of :class:`WindowCrop`.

    Example:
        >>> train_pipeline = [
        ...     dict(type='LoadImageFromFile'),
        ...     dict(type='LoadAnnotations', with_bbox=True),
        ...     dict(type='Resize', scale=(2176, 1632), keep_ratio=True),
        ...     dict(type='TileCrop', grid=(2, 2), overlap=1 / 3),
        ...     dict(type='RandomFlip', prob=0.5),
        ...     dict(type='PackDetInputs'),
        ... ]
    """

    def __init__(
        self,
        grid: tuple[int, int] | None = None,
        tile_size: tuple[int, int] | None = None,
        overlap: float = 0.2,
        **kwargs,
    ) -> None:
        super().__init__(**kwargs)
        if (grid is None) == (tile_size is None):
            given = f'grid={grid!r} and tile_size={tile_size!r}'
            wanted = 'either grid=(columns, rows) or tile_size=(width, height)'
            raise ValueError(f'TileCrop must get {wanted}, but got {given}.')
        if grid is not None:
            grid = checks.size('grid', grid)
        else:
            tile_size = checks.size('tile_size', tile_size)
        self.grid, self.tile_size = grid, tile_size
        self.overlap = checks.number('overlap', overlap, '[0, 1)')

    def choose_window(
        self, boxes: np.ndarray, counts: np.ndarray, size: tuple[int, int]
    ) -> np.ndarray | None:
        """Draw one of the tiles that have an object."""
        tiles = tile_windows(size, self.grid, self.tile_size, self.overlap)
        tiles = tiles[self.has_object(boxes, counts, tiles)]
        return tiles[self._draw(len(tiles))] if len(tiles) else None

    @cache_randomness
    def _draw(self, count: int) -> int:
        return np.random.randint(count)
