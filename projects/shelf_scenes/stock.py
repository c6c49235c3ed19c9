"""Puts the painted products on the boards of the canvas."""

import cv2
import numpy as np

from .products import KINDS
from .scene import Facing, Run, Scene
from .sprites import Sprite, paint_product

DEEP = 3  # products one behind the other, the front one included


def paint_products(
    rng: np.random.Generator, canvas: np.ndarray, scene: Scene
) -> None:
    """Paint each row: shadows, what stands behind, then the front."""
    looks: dict[Run, list[Sprite]] = {}
    for run in dict.fromkeys(facing.run for facing in scene.facings):
        turns = (0.0, rng.normal(0, 0.04))
        looks[run] = paint_product(run, turns)
    for index in range(len(scene.rows)):
        row = [one for one in scene.facings if one.run.row == index]
        for facing in row:
            _paint_shadow(canvas, facing)
        _paint_behind(canvas, scene, row, looks)
        for facing in row:
            sprite = looks[facing.run][rng.integers(2)]
            place_facing(canvas, facing, sprite, rng.uniform(0.9, 1.06))
    _dim_rows(canvas, scene)


def place_facing(
    canvas: np.ndarray, facing: Facing, sprite: Sprite, gain: float = 1.0
) -> None:
    """Paint one front product where it stands."""
    left, top = facing.left, facing.top
    if facing.lean:
        sprite, margin = sprite.turned(facing.lean)
        left, top = left - margin, top - margin
    paste(canvas, sprite, left, top, gain)


def paste(
    canvas: np.ndarray, sprite: Sprite, left: int, top: int, gain: float = 1.0
) -> None:
    """Lay a sprite on the canvas, cut at its edges."""
    high, wide = sprite.mask.shape
    x0, y0 = max(0, -left), max(0, -top)
    x1 = min(wide, canvas.shape[1] - left)
    y1 = min(high, canvas.shape[0] - top)
    if x0 >= x1 or y0 >= y1:
        return
    place = canvas[top + y0 : top + y1, left + x0 : left + x1]
    mask = cv2.cvtColor(sprite.mask[y0:y1, x0:x1], cv2.COLOR_GRAY2BGR)
    rest = cv2.multiply(place, 255 - mask, scale=1 / 255)
    part = sprite.color[y0:y1, x0:x1]
    place[:] = cv2.addWeighted(rest, 1, part, gain, 0)


def _paint_shadow(canvas: np.ndarray, facing: Facing) -> None:
    """Darken the board around the foot of a product."""
    if facing.level:
        return
    run = facing.run
    wide, high = round(run.width * 1.24), max(3, round(run.width * 0.3))
    x, y = np.linspace(-1, 1, wide), np.linspace(-1, 1, high)[:, None]
    mask = np.uint8(158 * np.clip(1.3 - x**4 - y**2, 0, 1) * (abs(x) < 1))
    shadow = Sprite(np.zeros((high, wide, 3), np.uint8), mask)
    top = facing.top + run.height - round(high * 0.8)
    paste(canvas, shadow, facing.left - round(run.width * 0.12), top)


def _paint_behind(
    canvas: np.ndarray,
    scene: Scene,
    row: list[Facing],
    looks: dict[Run, list[Sprite]],
) -> None:
    """Paint the products behind the front ones, darker with depth."""
    if not row:
        return
    # The rails above and below hide what would leave the room.
    shelf = scene.rows[row[0].run.row]
    room = canvas[shelf.top : shelf.bottom]
    camera = scene.camera
    foot = np.array(camera.foot) - (0, shelf.top)
    small: dict[tuple[Run, int], Sprite] = {}
    for place in range(DEEP - 1, 0, -1):
        for facing in row:
            run = facing.run
            shrink = camera.shrink(run.width * 1.02 * place)
            near = np.array([facing.left, facing.top - shelf.top])
            far = foot + (near - foot) * shrink
            if KINDS[run.kind].surface == 'flat':
                if place == DEEP - 1:
                    _paint_block(room, run, near, far, shrink, looks[run][0])
                continue
            if (run, place) not in small:
                size = np.round(np.array([run.width, run.height]) * shrink)
                small[run, place] = looks[run][0].resized(
                    tuple(np.maximum(size, 1).astype(int).tolist())
                )
            left, top = np.round(far).astype(int).tolist()
            paste(room, small[run, place], left, top, 0.72 - 0.18 * place)


def _paint_block(
    canvas: np.ndarray,
    run: Run,
    near: np.ndarray,
    far: np.ndarray,
    shrink: float,
    look: Sprite,
) -> None:
    """Paint cartons in file as one block: dark sides and lit top faces."""
    visible = far[1] < near[1]
    size = np.array([run.width, run.height])
    unit = np.array([(0, 0), (1, 0), (1, 1), (0, 1)])
    near = unit * size + near
    far = unit * size * shrink + far
    hull = cv2.convexHull(np.concatenate([near, far]).astype(np.int32))
    ink = look.color[size[1] // 8 :: 3, ::3].mean((0, 1))
    cv2.fillConvexPoly(canvas, hull, (ink * 0.35).tolist(), cv2.LINE_AA)
    if not visible:
        return
    for step in range(DEEP - 1, 0, -1):
        # From the front edge to the back one; 0.94 leaves a dark joint.
        ends = (step / (DEEP - 1), (step - 0.94) / (DEEP - 1))
        back, front = (near[:2] + (far[:2] - near[:2]) * end for end in ends)
        top = np.round(np.concatenate([back, front[::-1]])).astype(np.int32)
        light = (ink * (0.98 - 0.16 * step)).tolist()
        cv2.fillConvexPoly(canvas, top, light, cv2.LINE_AA)


def _dim_rows(canvas: np.ndarray, scene: Scene) -> None:
    """The shadow that each board throws on what stands below it."""
    light = np.ones((canvas.shape[0], 1, 1), np.float32)
    for row in scene.rows:
        y = np.linspace(0, 1, row.floor - row.top, dtype=np.float32)
        light[row.top : row.floor, 0, 0] = 1 - 0.5 * np.exp(-y / 0.13)
    canvas[:] = canvas * light
