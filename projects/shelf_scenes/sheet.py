"""A contact sheet: what the rendered scenes look like."""

from pathlib import Path

import cv2
import numpy as np

from .files import write_whole
from .render import render_shelf

GREEN = (80, 255, 60)
SEEDS = (105, 115, 102, 112)


def draw_sheet(
    seeds: tuple[int, ...] = SEEDS, size: int = 1024, tile: int = 440
) -> np.ndarray:
    """Draw scenes side by side, below them the same with their boxes.

    Args:
        seeds: One scene each.
        size: Side at which scenes are rendered, pixels.
        tile: Side at which they are shown, pixels.

    Returns:
        (2 * tile, len(seeds) * tile, 3) uint8 BGR.
    """
    plain, boxed = [], []
    for seed in seeds:
        image, boxes = render_shelf(seed, size)
        small = cv2.resize(image, (tile, tile), interpolation=cv2.INTER_AREA)
        plain.append(small)
        marked = small.copy()
        for x1, y1, x2, y2 in np.round(boxes * tile / size).astype(int):
            corner = (int(x1), int(y1)), (int(x2), int(y2))
            cv2.rectangle(marked, *corner, GREEN, 1)
        boxed.append(marked)
    return np.vstack([np.hstack(plain), np.hstack(boxed)])


def write_shelf_sheet(path: str | Path) -> Path:
    """Draw the contact sheet of the documentation into a JPEG file."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    coded = cv2.imencode('.jpg', draw_sheet(), [cv2.IMWRITE_JPEG_QUALITY, 74])
    write_whole(path, coded[1].tobytes())
    return path
