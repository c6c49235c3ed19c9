"""What the operations of DetAutoAugment do to one image."""

import os
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from shelf_scenes.render import render_shelf

from ...datasets.transforms.auto_augment.canvas import Canvas
from ...datasets.transforms.auto_augment.steps import (
    OPERATION_NAMES,
    Step,
    apply_steps,
    parse_policy,
)
from ...datasets.transforms.loading.load_checked_image import LoadCheckedImage
from ...evaluation.stored.files import read_ground_truth
from ...utils.checks import integer
from . import sheet

_FULL_WIDTH = 2448  # of a photo of SKU-110K, upright
_SHELF = 612, 612  # a quarter as wide
_GREEN = (80, 255, 60)
_TILE = 228


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
        pixel_scale (tuple[float, float]): Width and height of ``image`` over
            those of the photo that it shows. Defaults to (1, 1).
        columns (int): Tiles in a row. Defaults to 7.

    Returns:
        np.ndarray: (h, w, 3), uint8, BGR.
    """
    if policy is None:
        policy = [[(name, 1, level)] for name in OPERATION_NAMES]
    sub_policies = [[], *parse_policy(policy)]
    lines = max(1, *map(len, sub_policies))
    tiles = []
    for index, steps in enumerate(sub_policies):
        canvas = Canvas(
            image,
            np.divide(boxes, np.tile(pixel_scale, 2)),
            tuple(np.divide(image.shape[1::-1], pixel_scale)),
        )
        apply_steps(canvas, steps, np.random.default_rng([seed, index]))
        text = [_describe(step) for step in steps]
        text = text or [f'unchanged, {len(boxes)} boxes']
        tiles.append(sheet.caption(_draw(canvas), _TILE, text, lines))
    return sheet.arrange(tiles, columns)


def write_augmentation_sheet(
    out: str | os.PathLike,
    image: str | os.PathLike | None = None,
    ann_file: str | os.PathLike | None = None,
    policy: str | None = None,
    level: float = 8,
    seed: int = 0,
) -> Path:
    """Write the sheet of an image, or of a rendered shelf.

    Args:
        out (str | PathLike): ``.jpg``, ``.jpeg`` or ``.png``.
        image (str | PathLike, optional): A photo at full resolution.
            Defaults to None: a rendered shelf, a quarter as wide as a photo.
        ann_file (str | PathLike, optional): COCO JSON, or a CSV of SKU-110K,
            which lists a file of that name. Defaults to None: no boxes.
        policy, level, seed: Of :func:`draw_augmentation_sheet`.
    """
    seed, out = integer('seed', seed, 0), sheet.check_sheet_path(out)
    if image is None:
        scale = _SHELF[0] / _FULL_WIDTH
        shown = *render_shelf(seed, _SHELF, (40, 40)), policy, level, seed
        picture = draw_augmentation_sheet(*shown, (scale, scale))
    else:
        pixels = LoadCheckedImage()(dict(img_path=str(image)))['img']
        shown = pixels, _read_boxes(ann_file, image), policy, level, seed
        picture = draw_augmentation_sheet(*shown)
    return sheet.write_sheet(out, picture)


def _read_boxes(
    ann_file: str | os.PathLike | None, image: str | os.PathLike
) -> np.ndarray:
    """The boxes of the image with this file name."""
    if ann_file is None:
        return np.zeros((0, 4))
    truth = read_ground_truth(os.fspath(ann_file))
    name = Path(image).name
    own = [Path(file_name).name == name for file_name in truth.file_names]
    if sum(own) != 1:
        what = f'{ann_file} must have exactly one image called {name!r}'
        raise ValueError(f'{what}, but has {sum(own)}.')
    return truth.boxes[truth.image_ids == truth.columns.image_ids[own]]


def _describe(step: Step) -> str:
    name, prob, level = step
    return f'{name} {level:g}' + (f' p {prob:g}' if prob != 1 else '')


def _draw(canvas: Canvas) -> np.ndarray:
    picture = sheet.resize_to_width(canvas.image, _TILE)
    boxes = canvas.boxes_in_image() * (_TILE / canvas.size[0])
    for x1, y1, x2, y2 in np.rint(boxes).astype(int).tolist():
        cv2.rectangle(picture, (x1, y1), (x2 - 1, y2 - 1), _GREEN, 1)
    return picture
