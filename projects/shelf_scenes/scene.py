"""What a shelf scene consists of, before anything is drawn."""

from dataclasses import dataclass

import numpy as np

from .camera import Camera, project
from .products import KINDS, outline


@dataclass(frozen=True)
class Row:
    """One shelf board and the room above it, in canvas pixels.

    Attributes:
        top: Where the room begins (the lower edge of the rail above).
        floor: The front edge of the board, on which products stand.
        bottom: The lower edge of the price rail.
    """

    top: int
    floor: int
    bottom: int


@dataclass(frozen=True)
class Run:
    """Facings of one product side by side, all of one size.

    Attributes:
        kind: Key of ``KINDS``.
        row: Index of the row it stands in.
        width, height: Size of one facing in canvas pixels.
        bend: Half-height of its widest circle over its height.
        brand: Seed of the brand: name, colors, layout of the label.
        flavour: Seed of what sets it apart from its brand's others.
    """

    kind: str
    row: int
    width: int
    height: int
    bend: float
    brand: int
    flavour: int


@dataclass(frozen=True)
class Facing:
    """One product that is seen from the front.

    Attributes:
        run: The run it belongs to.
        left, top: Where its frame begins, in canvas pixels.
        lean: Degrees by which it is tilted about its center.
        column: Number of its stack within the row, from left to right.
        level: 0 on the board, 1 on top of that, ...
    """

    run: Run
    left: int
    top: int
    lean: float
    column: int
    level: int


@dataclass(frozen=True)
class Scene:
    """A planned scene: all that decides its boxes, and a seed for the rest.

    Attributes:
        camera: From canvas to image.
        rows: Shelf boards from top to bottom.
        facings: Front products, row by row and left to right.
        boxes: (N, 4) float32, xyxy, image pixels; one per facing.
        seed: Decides colors, furniture, light and noise.
    """

    camera: Camera
    rows: tuple[Row, ...]
    facings: tuple[Facing, ...]
    boxes: np.ndarray
    seed: int


def silhouettes(facings: list[Facing]) -> np.ndarray:
    """Outlines of the facings on the canvas: (N, points, 2)."""
    shapes = {
        run: outline(KINDS[run.kind], run.bend) - 0.5
        for run in {facing.run for facing in facings}
    }
    unit = np.stack([shapes[facing.run] for facing in facings])
    size = np.array([(f.run.width, f.run.height) for f in facings], float)
    corner = np.array([(f.left, f.top) for f in facings], float)
    lean = np.radians([f.lean for f in facings])
    x, y = np.moveaxis(unit * size[:, None], -1, 0)
    cos, sin = np.cos(lean)[:, None], np.sin(lean)[:, None]
    turned = np.stack([x * cos + y * sin, y * cos - x * sin], -1)
    return turned + (corner + size / 2)[:, None]


def project_boxes(
    camera: Camera, facings: list[Facing]
) -> tuple[np.ndarray, np.ndarray]:
    """Tight boxes of the silhouettes as the camera sees them.

    Returns:
        The boxes of what lies inside the image, (N, 4) float32 xyxy in
        pixels (zeros where nothing does), and their area as a share of the
        area of the whole product's box, (N,).
    """
    if not facings:
        return np.zeros((0, 4), np.float32), np.zeros(0)
    # A homography keeps hulls: the outline's extremes are the image's.
    seen = project(camera.matrix, silhouettes(facings))
    full = np.concatenate([seen.min(1), seen.max(1)], axis=1)
    boxes = full.copy()
    beyond = (full[:, :2] < 0) | (full[:, 2:] > camera.size)
    for index in np.flatnonzero(beyond.any(1)):
        part = clip_polygon(seen[index], camera.size)
        boxes[index] = 0
        if len(part):
            boxes[index] = np.concatenate([part.min(0), part.max(0)])
    boxes = np.clip(boxes, 0, np.tile(camera.size, 2))  # rounding errors
    return boxes.astype(np.float32), box_areas(boxes) / box_areas(full)


def clip_polygon(points: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Cut a polygon (P, 2) at the borders of an image (width, height).

    Sutherland and Hodgman (1974), one border after the other.
    """
    borders = ((0, 1, 0), (1, 1, 0), (0, -1, size[0]), (1, -1, size[1]))
    for axis, sign, limit in borders:
        room = sign * points[:, axis] + limit  # negative beyond the border
        after, room_after = np.roll(points, -1, 0), np.roll(room, -1)
        keep, crossing = room >= 0, (room >= 0) != (room_after >= 0)
        part = room / np.where(crossing, room - room_after, 1)
        cut = points + (after - points) * part[:, None]
        both = np.stack([points, cut], 1).reshape(-1, 2)
        points = both[np.stack([keep, crossing], 1).ravel()]
    return points


def box_areas(boxes: np.ndarray) -> np.ndarray:
    """Areas of xyxy boxes (N, 4): (N,)."""
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
