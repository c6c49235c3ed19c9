"""Tiles cover the image evenly and share what they must."""

import numpy as np
import pytest

from dense_scene.datasets.transforms.crops.tile_windows import tile_windows


def test_two_by_two_as_in_the_paper():
    # 2448 / (1 + 2 / 3) = 1468.8, 3264 / (1 + 2 / 3) = 1958.4: 0.6 of each
    # side, rounded up; 2448 - 1469 = 979, 3264 - 1959 = 1305.
    np.testing.assert_array_equal(
        tile_windows((2448, 3264), grid=(2, 2), overlap=1 / 3),
        [
            [0, 0, 1469, 1959],
            [979, 0, 2448, 1959],
            [0, 1305, 1469, 3264],
            [979, 1305, 2448, 3264],
        ],
    )


def test_fixed_size_by_hand():
    # 10 pixels: 4 + 2 (4 - 1) = 10, so three columns share one pixel. 5 rows
    # of pixels: two tiles of 4, from 0 and 1.
    found = tile_windows((10, 5), tile_size=(4, 4), overlap=0.25)
    np.testing.assert_array_equal(
        found[:, :2], [[0, 0], [3, 0], [6, 0], [0, 1], [3, 1], [6, 1]]
    )
    assert (found[:, 2:] - found[:, :2] == 4).all()


def test_tile_larger_than_the_image():
    np.testing.assert_array_equal(
        tile_windows((30, 20), tile_size=(64, 10)),
        [[0, 0, 30, 10], [0, 10, 30, 20]],
    )


def test_one_pixel():
    np.testing.assert_array_equal(
        tile_windows((1, 1), grid=(3, 2), overlap=0.5), [[0, 0, 1, 1]]
    )


@pytest.mark.parametrize('overlap', [0, 0.1, 0.25, 1 / 3, 0.5, 0.9])
@pytest.mark.parametrize(
    'how',
    [
        dict(grid=(1, 1)),
        dict(grid=(2, 3)),
        dict(grid=(7, 5)),
        dict(tile_size=(64, 48)),
        dict(tile_size=(100, 1)),
    ],
)
@pytest.mark.parametrize('size', [(97, 1), (100, 100), (131, 257), (640, 48)])
def test_properties(size, how, overlap):
    tiles = tile_windows(size, overlap=overlap, **how)
    sides = tiles[:, 2:] - tiles[:, :2]
    assert (tiles >= 0).all() and (tiles[:, 2:] <= size).all()
    assert (sides == sides[0]).all() and (sides > 0).all()
    for axis, length in enumerate(size):
        starts = np.unique(tiles[:, axis])
        side = sides[0, axis]
        assert starts[0] == 0 and starts[-1] + side == length  # covers all
        if len(starts) > 1:
            # Neighbours share the overlap, but for a pixel of rounding, and
            # with it there is no gap between them.
            shared = side - np.diff(starts)
            assert shared.min() >= max(0, overlap * side - 1)
            assert np.ptp(shared) <= 1  # evenly spread
        if 'grid' in how:
            assert len(starts) <= how['grid'][axis]
        elif len(starts) > 1:
            # As few as possible: one less could not share that much.
            most = side * (1 + (len(starts) - 2) * (1 - overlap))
            assert most < length
