"""What the crops for dense scenes keep, ignore and cut: a picture."""

import os
from pathlib import Path

import cv2
import numpy as np
import torch
from mmdet.structures.bbox import HorizontalBoxes

from shelf_scenes.render import render_shelf
from shelf_scenes.request import check_number

from ...datasets.transforms.crops.dense_random_crop import DenseRandomCrop
from ...datasets.transforms.crops.tile_crop import tile_windows
from ...datasets.transforms.crops.window_crop import WindowCrop
from ...utils.files import write_bytes
from ...visualization.boxes import draw_boxes

# BGR, apart for colour-blind readers too.
KEPT, IGNORED, DRAWN = (255, 140, 0), (0, 140, 255), (60, 60, 60)
_TILES = ((255, 140, 0), (0, 140, 255), (180, 60, 200), (60, 170, 60))
_PANEL, _BAR, _GAP = 440, 26, 10


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
        image (np.ndarray): (H, W, 3), uint8, BGR.
        boxes (np.ndarray): (N, 4), xyxy, pixels.
        seed (int): Of the window. Defaults to 0.

    Returns:
        np.ndarray: The sheet, uint8, BGR.
    """
    tiles = tile_windows(image.shape[1::-1], grid=(2, 2), overlap=1 / 3)
    whole = dict(min_visible=1, cut='fill')
    panels = [
        _panel(_outline(image, tiles, _TILES), 'four tiles of 0.6 x 0.6'),
        _crop_panel(tiles[0], image, boxes, 'upper left tile'),
        _crop_panel(
            tiles[0], image, boxes, "min_visible=1, cut='fill'", **whole
        ),
    ]
    windows = [_draw_window(image, boxes, snap, seed) for snap in (0, 0.1)]
    both = _outline(image, windows, (DRAWN, KEPT))
    panels += [
        _panel(both, 'edges move off the objects'),
        _crop_panel(windows[0], image, boxes, 'as drawn'),
        _crop_panel(windows[1], image, boxes, 'DenseRandomCrop'),
    ]
    gap = np.full((_GAP, 3 * _PANEL + 2 * _GAP, 3), 255, np.uint8)
    return np.concatenate([_row(panels[:3]), gap, _row(panels[3:])])


def write_crop_sheet(path: str | os.PathLike, seed: int = 0) -> Path:
    """Write the sheet of a rendered shelf as JPEG or PNG.

    Args:
        path (str | PathLike): ``.jpg``, ``.jpeg`` or ``.png``; its folder is
            made.
        seed (int): Of the shelf and the window. Defaults to 0.

    Returns:
        Path: The file.

    Raises:
        TypeError, ValueError: If the ending is another one, or ``seed`` not
            a whole number from 0 on.
    """
    check_number('seed', seed)
    path = Path(path)
    if path.suffix.lower() not in ('.jpg', '.jpeg', '.png'):
        raise ValueError(
            'the sheet must end with .jpg, .jpeg or .png, but '
            f'got {str(path)!r}. Rename it.'
        )
    image, boxes = render_shelf(seed, (816, 1088))
    sheet = draw_crop_sheet(image, boxes, seed)
    quality = (
        [] if path.suffix.lower() == '.png' else [cv2.IMWRITE_JPEG_QUALITY, 72]
    )
    coded = cv2.imencode(path.suffix, sheet, quality)[1]
    write_bytes(path, coded.tobytes())
    return path


def _draw_window(
    image: np.ndarray, boxes: np.ndarray, snap: float, seed: int
) -> np.ndarray:
    """A window of the seed's place; the caller's random state stays."""
    crop = DenseRandomCrop((0.6, 0.6), snap=snap, allow_negative=True)
    state = np.random.get_state()
    np.random.seed(seed)
    window = crop.choose_window(
        np.asarray(boxes, np.float64).reshape(-1, 4),
        np.ones(len(boxes), bool),
        image.shape[1::-1],
    )
    np.random.set_state(state)
    return window


class _GivenWindow(WindowCrop):
    """A crop at a window that is given, not drawn."""

    def __init__(self, window: np.ndarray, **kwargs) -> None:
        super().__init__(**kwargs)
        self.window = window

    def choose_window(self, *args) -> np.ndarray:
        return self.window


def _crop_panel(
    window: np.ndarray, image: np.ndarray, boxes: np.ndarray, name: str, **rule
) -> np.ndarray:
    boxes = torch.from_numpy(np.asarray(boxes, np.float32).reshape(-1, 4))
    found = _GivenWindow(window, **rule)(
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


def _outline(image: np.ndarray, windows, colours) -> np.ndarray:
    """The image with windows drawn in, each a little within the last."""
    picture = image.copy()
    width = max(2, min(image.shape[:2]) // 150)
    for index, (window, colour) in enumerate(zip(windows, colours)):
        inset = width * (index + 1)
        x1, y1, x2, y2 = np.asarray(window).tolist()
        cv2.rectangle(
            picture,
            (x1 + inset, y1 + inset),
            (x2 - inset, y2 - inset),
            colour,
            width,
        )
    return picture


def _panel(picture: np.ndarray, text: str, width: int = _PANEL) -> np.ndarray:
    """A picture of this width under its caption."""
    height = max(1, round(picture.shape[0] * width / picture.shape[1]))
    panel = np.full((_BAR + height, _PANEL, 3), 255, np.uint8)
    panel[_BAR:, :width] = cv2.resize(
        picture, (width, height), interpolation=cv2.INTER_AREA
    )
    cv2.putText(
        panel,
        text,
        (4, 18),
        cv2.FONT_HERSHEY_SIMPLEX,
        0.5,
        (0, 0, 0),
        1,
        cv2.LINE_AA,
    )
    return panel


def _row(panels: list[np.ndarray]) -> np.ndarray:
    height = max(len(panel) for panel in panels)
    parts = []
    for panel in panels:
        full = np.full((height, _PANEL + _GAP, 3), 255, np.uint8)
        full[: len(panel), :_PANEL] = panel
        parts.append(full)
    return np.concatenate(parts, axis=1)[:, :-_GAP]
