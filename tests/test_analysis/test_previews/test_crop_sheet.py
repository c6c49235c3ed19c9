"""The sheet of crops shows what the crops give."""

import importlib.util

import cv2
import numpy as np
import pytest

from dense_scene.analysis.previews.crop_sheet import (
    IGNORED,
    KEPT,
    draw_crop_sheet,
)
from dense_scene.testing import touching_row

PANEL = 440  # each; 26 pixels of caption, 10 between panels


def has(picture: np.ndarray, colour: tuple) -> bool:
    return bool((picture == colour).all(axis=2).any())


def test_colours_say_what_is_kept_and_ignored():
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
    top = sheet[26:]
    tile, whole = top[:350, 450:890], top[:350, 900:]
    assert sheet.shape[1] == 3 * PANEL + 2 * 10
    assert has(tile, KEPT) and has(tile, IGNORED)
    assert has(whole, KEPT) and not has(whole, IGNORED)
    assert not has(tile, (104, 116, 124)) and has(whole, (104, 116, 124))


@pytest.mark.parametrize('count', [0, 600])
def test_any_number_of_boxes(count):
    boxes = touching_row(count, (1, 30), (0, 100)).numpy()
    image = np.full((400, 600, 3), 90, np.uint8)
    assert has(draw_crop_sheet(image, boxes), KEPT)  # the window, at least


def test_tool(root, tmp_path, capsys):
    path = root / 'tools/analysis_tools/browse_crops.py'
    spec = importlib.util.spec_from_file_location('browse_crops', path)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert tool.main([str(tmp_path / 'a' / 'crops.png')]) == 0
    sheet = cv2.imread(str(tmp_path / 'a' / 'crops.png'))
    assert has(sheet, KEPT) and has(sheet, IGNORED)
    assert [p.name for p in (tmp_path / 'a').iterdir()] == ['crops.png']
    assert tool.main([str(tmp_path / 'crops.gif')]) == 1
    assert 'must end with .jpg, .jpeg or .png' in capsys.readouterr().err
    assert tool.main([str(tmp_path / 'crops.png'), '--seed', '-1']) == 1
    error = capsys.readouterr().err
    assert error == 'error: seed must be at least 0, but got -1.\n'
