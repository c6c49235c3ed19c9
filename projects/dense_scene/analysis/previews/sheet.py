"""Sheets: captioned pictures side by side, in one image file."""

import os
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from ...utils import checks
from ...utils.files import write_bytes

_LINE = 17  # pixels of a caption
_GAP = 4
_ENDINGS = '.jpg', '.jpeg', '.png'


def check_sheet_path(path: str | os.PathLike) -> Path:
    """The path, if its ending is that of a sheet; else a ValueError."""
    return checks.suffix('the sheet', path, _ENDINGS)


def write_sheet(path: Path, sheet: np.ndarray) -> Path:
    """Write it as its ending says, at once or not at all."""
    png = path.suffix.lower() == '.png'
    flags = [] if png else [cv2.IMWRITE_JPEG_QUALITY, 70]
    write_bytes(path, cv2.imencode(path.suffix, sheet, flags)[1].tobytes())
    return path


def resize_to_width(picture: np.ndarray, width: int) -> np.ndarray:
    """Keep the aspect ratio."""
    factor = width / picture.shape[1]
    size = width, max(1, round(picture.shape[0] * factor))
    shrink = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return cv2.resize(picture, size, interpolation=shrink)


def caption(
    picture: np.ndarray, width: int, text: Sequence[str], lines: int = 1
) -> np.ndarray:
    """A tile of this width: the picture under ``lines`` lines of text."""
    top = lines * _LINE + 4
    tile = np.full((top + picture.shape[0], width, 3), 255, np.uint8)
    tile[top:, : picture.shape[1]] = picture
    style = cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 0), 1, cv2.LINE_AA
    for row, line in enumerate(text, 1):
        cv2.putText(tile, line, (4, row * _LINE - 2), *style)
    return tile


def arrange(tiles: Sequence[np.ndarray], columns: int) -> np.ndarray:
    """Tiles of one width, row by row."""
    rows = [tiles[i : i + columns] for i in range(0, len(tiles), columns)]
    heights = [max(map(len, row)) + _GAP for row in rows]
    pitch = tiles[0].shape[1] + _GAP
    sheet = np.full((sum(heights), len(rows[0]) * pitch, 3), 255, np.uint8)
    top = 0
    for row, height in zip(rows, heights):
        for column, tile in enumerate(row):
            left = column * pitch
            sheet[top : top + len(tile), left : left + pitch - _GAP] = tile
        top += height
    return sheet
