"""What is seen above and below the rack: wall, sign, plinth and floor."""

import cv2
import numpy as np

from .furniture import BLACK, SIGNS, WHITE, Style
from .label import put_text
from .palette import lightness, mix
from .scene import Scene


def paint_above(
    rng: np.random.Generator, canvas: np.ndarray, scene: Scene, style: Style
) -> None:
    """Draw the wall with its lamps and the sign that crowns the rack."""
    top = scene.rows[0].top
    height, width = canvas.shape[:2]
    if top < 2:
        return
    light = np.linspace(0.75, 1.08, top)[:, None]
    wall = np.clip(np.array(style.wall) * light, 0, 255)
    canvas[:top] = wall[:, None]
    sign = min(top, round(height * rng.uniform(0.07, 0.12)))
    room = canvas[: top - sign]
    for x in np.arange(rng.uniform(0, 0.3), 1, 0.34) * width:
        lamp = (round(x), round(max(0, top - sign) * rng.uniform(0.1, 0.3)))
        axes = (round(width * 0.1), max(1, round(height * 0.012)))
        cv2.ellipse(room, lamp, axes, 0, 0, 360, WHITE, -1, cv2.LINE_AA)
    if room.shape[0] > 8:
        room[:] = cv2.GaussianBlur(room, (0, 0), max(2, height / 120))
    shade = np.linspace(1.08, 0.82, sign)[:, None, None]
    board = np.clip(np.array(style.sign) * shade, 0, 255)
    canvas[top - sign : top] = board
    canvas[top - sign : top - sign + max(1, sign // 16)] = WHITE
    ink = WHITE if lightness(style.sign) < 0.6 else BLACK
    names = SIGNS.split()
    step = round(style.bay)
    for x in range(step // 2, width, step):
        name = names[rng.integers(len(names))].replace('-', ' ')
        center = (x, top - sign * 0.48)
        put_text(canvas, name, center, step * 0.7, sign * 0.4, ink)


def paint_below(
    rng: np.random.Generator, canvas: np.ndarray, scene: Scene, style: Style
) -> None:
    """Draw the plinth, the tiled floor and the rack's reflection in it."""
    height, width = canvas.shape[:2]
    top = scene.rows[-1].bottom
    if top >= height:
        return
    plinth = min(height, top + round(height * 0.03) + 2)
    dark = mix(style.metal, BLACK, 0.7)
    canvas[top:plinth] = dark
    if plinth + 2 >= height:
        return
    floor = canvas[plinth:]
    light = np.linspace(0.72, 1.05, floor.shape[0])[:, None, None]
    floor[:] = np.clip(np.array(style.floor) * light, 0, 255)
    _paint_tiles(floor, scene, style, plinth)
    mirrored = canvas[max(0, 2 * plinth - height) : plinth][::-1]
    part = rng.uniform(0.06, 0.26)
    blurred = cv2.GaussianBlur(mirrored, (0, 0), max(1.5, height / 170))
    rows = blurred.shape[0]
    floor[:rows] = cv2.addWeighted(floor[:rows], 1 - part, blurred, part, 0)
    edge = floor[: max(2, height // 60)]
    edge[:] = edge * np.linspace(0.5, 1, edge.shape[0])[:, None, None]


def _paint_tiles(
    floor: np.ndarray, scene: Scene, style: Style, plinth: int
) -> None:
    """Joints of the tiles: they run away from the rack, and along it."""
    camera = scene.camera
    foot, eye = camera.foot[0], camera.foot[1]
    below = plinth - eye
    if below <= 8:  # the floor would lie above the camera
        return
    joint = mix(style.floor, BLACK, 0.25)
    tile = max(24.0, style.depth * 0.8)
    high, width = floor.shape[:2]
    # On the floor, nearer to the camera is further from the foot.
    reach = (below + high) / below
    for x in np.arange(-2 * width, 3 * width, tile):
        end = (round(foot + (x - foot) * reach), high)
        cv2.line(floor, (round(x), 0), end, joint, 1, cv2.LINE_AA)
    for step in range(1, 40):
        near = camera.focal - step * tile
        if near <= 0 or below * camera.focal / near > below + high:
            break
        y = round(below * camera.focal / near - below)
        cv2.line(floor, (0, y), (width, y), joint, 1, cv2.LINE_AA)
