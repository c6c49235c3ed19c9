"""Tiles, captions and files of sheets."""

import cv2
import numpy as np
import pytest

from dense_scene.analysis.previews import sheet


def test_tiles_of_unequal_height_stand_in_rows():
    tiles = [np.full((h, 10, 3), h, np.uint8) for h in (5, 8, 6)]
    drawn = sheet.arrange(tiles, 2)
    # Two rows, 8 and 6 pixels high, and two columns, each with a gap of 4.
    assert drawn.shape == (8 + 4 + 6 + 4, 2 * (10 + 4), 3)
    for tile, top, left in zip(tiles, (0, 0, 12), (0, 14, 0)):
        part = drawn[top : top + len(tile), left : left + 10]
        assert (part == tile).all()
    assert drawn[5:12, :10].min() == 255  # white below the lower one


def test_a_narrow_picture_stands_left_under_its_caption():
    picture = np.zeros((6, 8, 3), np.uint8)
    tile = sheet.caption(picture, 20, ['a'], lines=2)
    assert tile.shape == (2 * 17 + 4 + 6, 20, 3)
    assert not tile[38:, :8].any() and tile[38:, 8:].min() == 255
    assert tile[:17].min() < 255 and tile[17:38].min() == 255


def test_files(tmp_path):
    picture = np.full((4, 6, 3), 90, np.uint8)
    for name in ('a.png', 'b.jpg', 'c.JPEG'):
        path = sheet.check_sheet_path(tmp_path / 'new' / name)
        sheet.write_sheet(path, picture)
        # JPEG may be off by a little.
        assert np.abs(cv2.imread(str(path)).astype(int) - 90).max() < 4
    with pytest.raises(ValueError, match='must end with .jpg, .jpeg, .png'):
        sheet.check_sheet_path('a.gif')
