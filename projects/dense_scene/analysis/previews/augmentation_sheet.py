"""What the operations of DetAutoAugment do to one image."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np

from shelf_scenes.render import render_shelf
from shelf_scenes.request import check_number

from ...datasets.transforms.auto_augment.canvas import Canvas
from ...datasets.transforms.auto_augment.steps import (
    OPERATION_NAMES,
    Step,
    apply_steps,
    parse_policy,
)
from ...datasets.transforms.loading.load_checked_image import LoadCheckedImage
from ...evaluation.stored.files import read_ground_truth
from ...utils.files import write_bytes

_FULL_WIDTH = 2448  # of a photo of SKU-110K, upright
_SHELF = 612, 612  # a quarter as wide
_GREEN = (80, 255, 60)
_TILE = 228
_ROW = 17
_GAP = 4
_ENDINGS = '.jpg', '.png'


def draw_augmentation_sheet(
    image: np.ndarray,
    boxes: np.ndarray,
    policy: str | Sequence | None = None,
    level: float = 8,
    seed: int = 0,
    pixel_scale: tuple[float, float] = (1, 1),
    columns: int = 7,
) -> np.ndarray:
    """Draw tiles with boxes: the image, and each operation applied to it.

    Args:
        image (np.ndarray): (H, W, 3), uint8, BGR.
        boxes (np.ndarray): (N, 4), xyxy, pixels.
        policy (str | Sequence, optional): Of :class:`DetAutoAugment`; then
            there is a tile for each of its sub-policies, drawn at random as
            in training. Defaults to None: one for each operation, done for
            certain.
        level (float): Of the operations without ``policy``. Defaults to 8.
        seed (int): Decides signs, places and chosen boxes. Defaults to 0.
        pixel_scale (tuple[float, float]): Of :class:`DetAutoAugment`.
            Defaults to (1, 1).
        columns (int): Tiles in a row. Defaults to 7.

    Returns:
        np.ndarray: (h, w, 3), uint8, BGR.

    Raises:
        TypeError, ValueError: If ``policy`` or ``level`` is not valid.
    """
    if policy is None:
        policy = [[(name, 1, level)] for name in OPERATION_NAMES]
    sub_policies = [[], *parse_policy(policy)]
    lines = max(1, *map(len, sub_policies))
    tiles = []
    for index, steps in enumerate(sub_policies):
        canvas = Canvas(image, boxes, pixel_scale)
        apply_steps(canvas, steps, np.random.default_rng([seed, index]))
        tiles.append(_draw_tile(canvas, _describe(steps, len(boxes)), lines))
    return _arrange(tiles, columns)


def write_augmentation_sheet(
    path: str | os.PathLike,
    image: str | os.PathLike | None = None,
    ann_file: str | os.PathLike | None = None,
    policy: str | None = None,
    level: float = 8,
    seed: int = 0,
) -> Path:
    """Write the sheet of an image, or of a rendered shelf.

    Args:
        path (str | PathLike): ``.jpg`` or ``.png``; its folder is made. It is
            replaced at once or not at all.
        image (str | PathLike, optional): A photo at full resolution.
            Defaults to None: a rendered shelf, a quarter as wide as a
            photo.
        ann_file (str | PathLike, optional): COCO JSON, or a CSV of SKU-110K,
            with the boxes of ``image``, found by its file name. Defaults to
            None: no boxes.
        policy (str, optional): ``'v0'`` to ``'v3'``: its sub-policies instead
            of the operations. Defaults to None.
        level (float): Of the operations. Defaults to 8.
        seed (int): From 0 on. Defaults to 0.

    Returns:
        Path: The file.

    Raises:
        FileNotFoundError: If a file does not exist.
        TypeError, ValueError: If a file or an argument is not as above.
    """
    check_number('seed', seed)
    path = Path(path)
    if path.suffix.lower() not in _ENDINGS:
        raise ValueError(
            f'the sheet must end with {" or ".join(_ENDINGS)}, '
            f'but got {str(path)!r}. Rename it.'
        )
    scale = 1.0, 1.0
    if image is None:
        pixels, boxes = render_shelf(seed, _SHELF, (40, 40))
        scale = (_SHELF[0] / _FULL_WIDTH,) * 2
    else:
        pixels = LoadCheckedImage()(dict(img_path=str(image)))['img']
        boxes = _read_boxes(ann_file, image)
    sheet = draw_augmentation_sheet(pixels, boxes, policy, level, seed, scale)
    jpeg = path.suffix.lower() == '.jpg'
    flags = [cv2.IMWRITE_JPEG_QUALITY, 66] if jpeg else []
    coded = cv2.imencode(path.suffix, sheet, flags)[1]
    write_bytes(path, coded.tobytes())
    return path


def _read_boxes(
    ann_file: str | os.PathLike | None, image: str | os.PathLike
) -> np.ndarray:
    """The boxes of the image with this file name."""
    if ann_file is None:
        return np.zeros((0, 4))
    truth = read_ground_truth(os.fspath(ann_file))
    name = Path(image).name
    ids = [
        i
        for i, file_name in zip(truth.columns.image_ids, truth.file_names)
        if Path(file_name).name == name
    ]
    if len(ids) != 1:
        raise ValueError(
            f'{ann_file} must have exactly one image called {name!r}, but '
            f'has {len(ids)}. Give the annotations of this image.'
        )
    return truth.boxes[truth.image_ids == ids[0]]


def _describe(steps: Iterable[Step], boxes: int) -> list[str]:
    lines = []
    for name, prob, level in steps:
        chance = '' if prob == 1 else f' p {prob:g}'
        lines.append(f'{name} {level:g}{chance}')
    return lines or [f'unchanged, {boxes} boxes']


def _draw_tile(canvas: Canvas, text: list[str], lines: int) -> np.ndarray:
    width, height = canvas.size
    factor = _TILE / width
    size = _TILE, max(1, round(height * factor))
    shrink = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    picture = cv2.resize(canvas.image, size, interpolation=shrink)
    for x1, y1, x2, y2 in np.rint(canvas.boxes * factor).astype(int).tolist():
        cv2.rectangle(picture, (x1, y1), (x2 - 1, y2 - 1), _GREEN, 1)
    bar = np.full((lines * _ROW + 4, _TILE, 3), 255, np.uint8)
    for row, line in enumerate(text, 1):
        cv2.putText(
            bar,
            line,
            (4, row * _ROW - 2),
            cv2.FONT_HERSHEY_SIMPLEX,
            0.45,
            (0, 0, 0),
            1,
            cv2.LINE_AA,
        )
    return np.concatenate([bar, picture])


def _arrange(tiles: list[np.ndarray], columns: int) -> np.ndarray:
    """Tiles of one size, row by row."""
    height, width = tiles[0].shape[:2]
    columns = min(columns, len(tiles))
    rows = -(-len(tiles) // columns)
    pitch = height + _GAP, width + _GAP
    sheet = np.full((rows * pitch[0], columns * pitch[1], 3), 255, np.uint8)
    for index, tile in enumerate(tiles):
        row, column = divmod(index, columns)
        top, left = row * pitch[0], column * pitch[1]
        sheet[top : top + height, left : left + width] = tile
    return sheet
