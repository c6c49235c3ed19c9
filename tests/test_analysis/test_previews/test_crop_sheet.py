"""The sheet of crops shows what the crops give."""

import numpy as np
import pytest

from dense_scene.analysis.previews.crop_sheet import (
    IGNORED,
    KEPT,
    draw_crop_sheet,
    write_crop_sheet,
)
from dense_scene.testing import touching_row

PANEL, GAP = 440, 4  # 17 + 4 pixels of caption above each


def has(picture: np.ndarray, color: tuple, near: int = 0) -> bool:
    difference = np.abs(picture.astype(int) - color)
    return bool((difference <= near).all(axis=2).any())


def test_colors_say_what_is_kept_and_ignored():
    # Tiles of 0.6 of 500 x 400: the upper left one ends at 300 and 240. Of
    # the second row 10 of 100 pixels are in it.
    boxes = np.concatenate(
        [
            touching_row(4, (50, 50), (0, 0)).numpy(),
            touching_row(4, (50, 100), (0, 230)).numpy(),
        ]
    )
    image = np.full((400, 500, 3), 90, np.uint8)
    sheet = draw_crop_sheet(image, boxes)
    pitch = PANEL + GAP
    tile, whole = (
        sheet[21:370, i * pitch : i * pitch + PANEL] for i in (1, 2)
    )
    assert sheet.shape[1] == 3 * pitch
    # Lines of a pixel are enlarged: nearly their color.
    assert has(tile, KEPT, 30) and has(tile, IGNORED, 30)
    assert has(whole, KEPT, 30) and not has(whole, IGNORED, 30)
    assert not has(tile, (104, 116, 124)) and has(whole, (104, 116, 124))


@pytest.mark.parametrize('count', [0, 600])
def test_any_number_of_boxes(count):
    boxes = touching_row(count, (1, 30), (0, 100)).numpy()
    image = np.full((400, 600, 3), 90, np.uint8)
    assert has(draw_crop_sheet(image, boxes), KEPT)  # the window, at least


def test_bad_arguments(tmp_path):
    with pytest.raises(ValueError, match='must end with .jpg, .jpeg, .png'):
        write_crop_sheet(tmp_path / 'crops.gif')
    with pytest.raises(ValueError, match='seed must be'):
        write_crop_sheet(tmp_path / 'crops.png', -1)
