"""What the crops for dense scenes keep, ignore and cut: a picture."""

import os
from pathlib import Path

import cv2
import numpy as np
import torch
from mmdet.structures.bbox import HorizontalBoxes

from shelf_scenes.render import render_shelf

from ...datasets.transforms.crops.dense_random_crop import DenseRandomCrop
from ...datasets.transforms.crops.tile_crop import tile_windows
from ...datasets.transforms.crops.window_crop import WindowCrop
from ...utils.checks import integer
from ...visualization.boxes import draw_boxes
from ...visualization.palette import PALETTE, to_bgr
from . import sheet

_TILES = [to_bgr(color) for color in PALETTE]
KEPT, IGNORED = _TILES[:2]  # blue and orange
_DRAWN = (60, 60, 60)
_PANEL = 440


def draw_crop_sheet(
    image: np.ndarray, boxes: np.ndarray, seed: int = 0
) -> np.ndarray:
    """Draw the tiles of an image and a window that makes way.

    Above the image with the four tiles of ``TileCrop(grid=(2, 2),
    overlap=1/3)``, the first tile as it is given, and the same with
    ``cut='fill'`` and whole objects only. Below a window of 0.6 of both sides
    as it was drawn, as :class:`DenseRandomCrop` gives it, and the crop. Boxes
    to be found are blue, those to be ignored orange.

    Args:
        image (np.ndarray): (H, W, 3), uint8, BGR, as is the sheet.
        boxes (np.ndarray): (N, 4), xyxy, pixels.
        seed (int): Of the window. Defaults to 0.
    """
    tiles = tile_windows(image.shape[1::-1], grid=(2, 2), overlap=1 / 3)
    whole, text = dict(min_visible=1, cut='fill'), "min_visible=1, cut='fill'"
    panels = [
        _panel(_outline(image, tiles, _TILES), 'four tiles of 0.6 x 0.6'),
        _crop_panel(tiles[0], image, boxes, 'upper left tile'),
        _crop_panel(tiles[0], image, boxes, text, **whole),
    ]
    windows = [_draw_window(image, boxes, snap, seed) for snap in (0, 0.1)]
    both = _outline(image, windows, (_DRAWN, KEPT))
    panels += [
        _panel(both, 'edges move off the objects'),
        _crop_panel(windows[0], image, boxes, 'as drawn'),
        _crop_panel(windows[1], image, boxes, 'DenseRandomCrop'),
    ]
    return sheet.arrange(panels, 3)


def write_crop_sheet(out: str | os.PathLike, seed: int = 0) -> Path:
    """Write the sheet of a rendered shelf as JPEG or PNG."""
    seed, out = integer('seed', seed, 0), sheet.check_sheet_path(out)
    image, boxes = render_shelf(seed, (816, 1088))
    return sheet.write_sheet(out, draw_crop_sheet(image, boxes, seed))


def _draw_window(
    image: np.ndarray, boxes: np.ndarray, snap: float, seed: int
) -> np.ndarray:
    """A window of the seed's place; the caller's random state stays."""
    crop = DenseRandomCrop((0.6, 0.6), snap=snap, allow_negative=True)
    state = np.random.get_state()
    np.random.seed(seed)
    boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
    seen = np.ones(len(boxes), bool)
    window = crop.choose_window(boxes, seen, image.shape[1::-1])
    np.random.set_state(state)
    return window


def _crop_panel(
    window: np.ndarray, image: np.ndarray, boxes: np.ndarray, name: str, **rule
) -> np.ndarray:
    boxes = torch.from_numpy(np.asarray(boxes, np.float32).reshape(-1, 4))
    crop = WindowCrop(**rule)
    crop.choose_window = lambda *_: window
    found = crop(
        dict(
            img=image,
            gt_bboxes=HorizontalBoxes(boxes),
            gt_bboxes_labels=np.zeros(len(boxes), np.int64),
            gt_ignore_flags=np.zeros(len(boxes), bool),
        )
    )
    left = found['gt_bboxes'].tensor.numpy()
    flags = found['gt_ignore_flags']
    picture = draw_boxes(found['img'], left[~flags], KEPT)
    picture = draw_boxes(picture, left[flags], IGNORED)
    text = f'{name}: {(~flags).sum()} objects'
    if flags.any():
        text += f', {flags.sum()} ignored'
    # All crops at one scale, at which 0.6 of the image fills the panel.
    part = picture.shape[1] / (0.6 * image.shape[1])
    return _panel(picture, text, min(_PANEL, round(_PANEL * part)))


def _outline(image: np.ndarray, windows, colors) -> np.ndarray:
    """The image with windows drawn in, each a little within the last."""
    picture = image.copy()
    width = max(2, min(image.shape[:2]) // 150)
    for index, (window, color) in enumerate(zip(windows, colors)):
        inset = width * (index + 1)
        x1, y1, x2, y2 = np.asarray(window).tolist()
        start, end = (x1 + inset, y1 + inset), (x2 - inset, y2 - inset)
        cv2.rectangle(picture, start, end, color, width)
    return picture


def _panel(picture: np.ndarray, text: str, width: int = _PANEL) -> np.ndarray:
    return sheet.caption(sheet.resize_to_width(picture, width), _PANEL, [text])
