"""Small boxes and data sets for tests, the demo and users' own tests.

Everything is drawn from the ``torch.Generator`` that is passed in, so a seed
gives the same boxes and the same files on every run.
"""

import json
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor


def random_boxes(
    n: int,
    size: tuple[float, float] = (1000.0, 1000.0),
    generator: torch.Generator | None = None,
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """Boxes of any place and shape inside an image.

    Args:
        n (int): How many; 0 is fine.
        size (tuple[float, float]): Width and height of the image, pixels.
        generator (torch.Generator, optional): Source of the numbers.
            Defaults to torch's global one.
        dtype (torch.dtype): A floating dtype. Defaults to float32.

    Returns:
        Tensor: (n, 4), xyxy, 0 <= x1 <= x2 <= width and the same for y.
    """
    corners = torch.rand(n, 2, 2, generator=generator, dtype=torch.float64)
    corners = corners.sort(dim=1).values * corners.new_tensor(size)
    return corners.flatten(1).to(dtype)


def touching_row(
    n: int,
    size: tuple[float, float] = (10.0, 20.0),
    origin: tuple[float, float] = (0.0, 0.0),
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """Equal boxes side by side, each sharing an edge with the next.

    Args:
        n (int): How many; 0 is fine.
        size (tuple[float, float]): Width and height of each, pixels.
        origin (tuple[float, float]): Left and top of the row.
        dtype (torch.dtype): Defaults to float32.

    Returns:
        Tensor: (n, 4), xyxy, from left to right.
    """
    edges = origin[0] + size[0] * torch.arange(n + 1, dtype=torch.float64)
    top = torch.full((n,), origin[1], dtype=torch.float64)
    row = torch.stack([edges[:-1], top, edges[1:], top + size[1]], dim=1)
    return row.to(dtype)


def tiny_coco(
    folder: str | Path,
    num_images: int = 2,
    rows: int = 2,
    boxes_per_row: int = 3,
    size: tuple[int, int] = (96, 64),
    classes: tuple[str, ...] = ('object',),
    generator: torch.Generator | None = None,
) -> Path:
    """Write a COCO data set of small shelves: rows of touching objects.

    ``folder/annotations.json`` and ``folder/images/000001.png`` and so on.
    Every object is a rectangle of its own color on a dark ground; its box
    is exact. Ids of images, annotations and categories start at 1, and
    categories take turns.

    Args:
        folder (str | Path): Made if absent.
        num_images (int): Defaults to 2.
        rows (int): Rows of objects per image; 0 gives empty images.
        boxes_per_row (int): ValueError if it leaves less than 2 pixels each.
        size (tuple[int, int]): Width and height of the images, pixels.
        classes (tuple[str, ...]): Category names.
        generator (torch.Generator, optional): Source of the colors.
            Defaults to one seeded with 0.

    Returns:
        Path: The JSON file; its ``file_name`` entries are relative to
        ``folder / 'images'``.
    """
    folder = Path(folder)
    (folder / 'images').mkdir(parents=True, exist_ok=True)
    boxes = _shelf(rows, boxes_per_row, size)
    generator = generator or torch.Generator().manual_seed(0)
    images, annotations = [], []
    for image_id in range(1, num_images + 1):
        name = f'{image_id:06d}.png'
        picture = _draw(boxes, size, generator)
        cv2.imwrite(str(folder / 'images' / name), picture)
        images.append(
            dict(id=image_id, file_name=name, width=size[0], height=size[1])
        )
        for x1, y1, x2, y2 in boxes:
            number = len(annotations)
            annotations.append(
                dict(
                    id=number + 1,
                    image_id=image_id,
                    category_id=number % len(classes) + 1,
                    bbox=[x1, y1, x2 - x1, y2 - y1],
                    area=(x2 - x1) * (y2 - y1),
                    iscrowd=0,
                )
            )
    categories = [dict(id=i, name=c) for i, c in enumerate(classes, 1)]
    path = folder / 'annotations.json'
    parts = dict(images=images, annotations=annotations, categories=categories)
    path.write_text(json.dumps(parts))
    return path


def tiny_sku110k(
    folder: str | Path, num_images: int = 4, size: tuple[int, int] = (160, 128)
) -> Path:
    """Write a folder like SKU110K_fixed: ``images/`` and three CSV files.

    Args:
        folder (str | Path): Made if absent; returned.
        num_images (int): In each of train, val and test. Defaults to 4.
        size (tuple[int, int]): Width and height, pixels.
    """
    folder = Path(folder)
    (folder / 'images').mkdir(parents=True, exist_ok=True)
    (folder / 'annotations').mkdir(exist_ok=True)
    boxes = _shelf(3, 5, size)
    generator = torch.Generator().manual_seed(0)
    for split in ('train', 'val', 'test'):
        names = [f'{split}_{index}.jpg' for index in range(num_images)]
        lines = [
            ','.join(map(str, (name, *box, 'object', *size)))
            for name in names
            for box in boxes
        ]
        path = folder / 'annotations' / f'annotations_{split}.csv'
        path.write_text('\n'.join(lines) + '\n')
        for name in names:
            picture = _draw(boxes, size, generator)
            cv2.imwrite(str(folder / 'images' / name), picture)
    return folder


def _shelf(
    rows: int, boxes_per_row: int, size: tuple[int, int]
) -> list[list[int]]:
    """Whole-pixel boxes of rows with a gap under each."""
    if rows == 0:
        return []
    # One box width and a third of a row stay free around the objects.
    width = size[0] // (boxes_per_row + 1)
    pitch = size[1] // rows
    height = pitch * 2 // 3
    if min(width, height) < 2:
        raise ValueError(f'size must leave 2 pixels each, but got {size}.')
    corners = [(width // 2, y * pitch + pitch // 6) for y in range(rows)]
    row = boxes_per_row, (width, height)
    return torch.cat([touching_row(*row, at) for at in corners]).int().tolist()


def _draw(
    boxes: list[list[int]], size: tuple[int, int], generator: torch.Generator
) -> np.ndarray:
    """A BGR picture with one bright rectangle per box."""
    picture = np.full((size[1], size[0], 3), 40, np.uint8)
    shape = len(boxes), 3
    colors = torch.randint(100, 256, shape, generator=generator).numpy()
    for (x1, y1, x2, y2), color in zip(boxes, colors):
        picture[y1:y2, x1:x2] = color
    return picture
