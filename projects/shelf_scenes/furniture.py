"""The shop around the products: rack, boards, price rails, floor, signs."""

from dataclasses import dataclass

import cv2
import numpy as np

from .label import put_text
from .palette import Color, draw_ink, lightness, mix, to_bgr
from .scene import Scene

WHITE, BLACK = (250, 250, 250), (18, 18, 18)
SIGNS = 'DRINKS SNACKS COFFEE-&-TEA HOUSEHOLD BREAKFAST SWEETS PASTA ORGANIC'
SIGNS += ' SAUCES BABY PETS DAIRY WORLD-FOODS CARE'


@dataclass(frozen=True)
class Style:
    """The look of one shop.

    Attributes:
        metal: Color of boards and uprights.
        back: Color of the rear wall of the rack.
        rail: Color of the price rails.
        tag, promo: Colors of ordinary and of special price tags.
        sign: Color of the sign above the rack.
        floor: Color of the floor.
        wall: Color of the wall above the rack.
        depth: Depth of the boards, canvas pixels.
        bay: Width between two uprights, canvas pixels.
    """

    metal: Color
    back: Color
    rail: Color
    tag: Color
    promo: Color
    sign: Color
    floor: Color
    wall: Color
    depth: float
    bay: float


def draw_style(rng: np.random.Generator, scene: Scene) -> Style:
    """Draw the look of the shop."""
    gray = float(rng.choice((0.92, 0.8, 0.6, 0.25), p=(0.5, 0.2, 0.15, 0.15)))
    metal = to_bgr(rng.uniform(0.05, 0.15), rng.uniform(0, 0.08), gray)
    rail = metal if rng.random() < 0.55 else draw_ink(rng)
    clear = np.mean([row.floor - row.top for row in scene.rows])
    width = scene.camera.canvas[0]
    return Style(
        metal=metal,
        back=mix(metal, BLACK, rng.uniform(0.15, 0.65)),
        rail=rail,
        tag=(WHITE, WHITE, (205, 245, 250))[rng.integers(3)],
        promo=((40, 215, 255), (40, 40, 225))[rng.integers(2)],
        sign=draw_ink(rng),
        floor=to_bgr(
            rng.uniform(0.05, 0.14),
            rng.uniform(0, 0.22),
            rng.uniform(0.5, 0.85),
        ),
        wall=to_bgr(
            rng.uniform(0, 1), rng.uniform(0, 0.1), rng.uniform(0.35, 0.85)
        ),
        depth=float(clear * rng.uniform(1.1, 1.6)),
        bay=width * rng.uniform(0.42, 0.8),
    )


def paint_rack(
    rng: np.random.Generator, scene: Scene, style: Style
) -> np.ndarray:
    """Draw everything behind the products: (H, W, 3) uint8 canvas."""
    width, height = scene.camera.canvas
    canvas = np.empty((height, width, 3), np.uint8)
    canvas[:] = _columns(scene, style)[:, None]
    _paint_back_wall(rng, canvas, scene, style)
    return canvas


def _shade(color: Color, light: np.ndarray) -> np.ndarray:
    """Rows of one color under varying light: (n, 3)."""
    return np.clip(np.array(color) * light[:, None], 0, 255)


def _columns(scene: Scene, style: Style) -> np.ndarray:
    """The rack's colors from top to bottom, equal along it: (H, 3)."""
    camera = scene.camera
    column = np.zeros((camera.canvas[1], 3))
    eye, shrink = camera.foot[1], camera.shrink(style.depth)
    for row in scene.rows:
        size = row.floor - row.top
        back = [round(eye + (y - eye) * shrink) for y in (row.top, row.floor)]
        back = np.clip(back, row.top, row.floor)
        light = np.linspace(0.34, 1, size) ** 1.2
        column[row.top : row.floor] = _shade(style.back, light)
        under = back[0] - row.top
        column[row.top : back[0]] = _shade(
            style.metal, np.linspace(0.5, 0.28, under)
        )
        board = row.floor - back[1]
        column[back[1] : row.floor] = _shade(
            style.metal, np.linspace(0.4, 0.95, board)
        )
    return column


def _paint_back_wall(
    rng: np.random.Generator, canvas: np.ndarray, scene: Scene, style: Style
) -> None:
    """Uprights with their slots and, in some shops, a perforated wall."""
    camera = scene.camera
    (foot, eye), shrink = camera.foot, camera.shrink(style.depth)
    offset = rng.uniform(0, style.bay)
    perforated = rng.random() < 0.5
    for row in scene.rows:
        top, low = (eye + (y - eye) * shrink for y in (row.top, row.floor))
        top, low = round(max(top, row.top)), round(min(low, row.floor))
        room = canvas[top:low]
        if perforated:
            pitch = max(5, round(style.depth * 0.12))
            room[pitch // 2 :: pitch] = room[pitch // 2 :: pitch] * 0.72
            room[:, pitch // 2 :: pitch] = room[:, pitch // 2 :: pitch] * 0.8
        half = max(1, round(style.depth * 0.035))
        for x in np.arange(offset, canvas.shape[1], style.bay):
            at = round(foot + (x - foot) * shrink)
            post = room[:, max(0, at - half) : max(0, at + half)]
            post[:] = np.minimum(post * 1.35 + 8, 255)
            room[::6, max(0, at - 1) : max(0, at + 1)] = 20


def paint_rails(
    rng: np.random.Generator, canvas: np.ndarray, scene: Scene, style: Style
) -> None:
    """Draw the price rails with a tag for every run of products."""
    for index, row in enumerate(scene.rows):
        high = row.bottom - row.floor
        light = np.full(high, 0.94)
        light[: max(1, high // 7)] = 1.12
        light[-max(1, high // 6) :] = 0.62
        canvas[row.floor : row.bottom] = _shade(style.rail, light)[:, None]
        seam = rng.uniform(0, style.bay)
        for x in np.arange(seam, canvas.shape[1], style.bay).astype(int):
            canvas[row.floor : row.bottom, x : x + max(1, high // 12)] = mix(
                style.rail, BLACK, 0.6
            )
        runs = {}
        for facing in scene.facings:
            if facing.run.row == index and facing.level == 0:
                runs.setdefault(facing.run, facing.left)
        for run, left in runs.items():
            x = left + round(run.width * rng.uniform(0, 0.25))
            _paint_tag(rng, canvas, style, (x, row.floor), high)


def _paint_tag(
    rng: np.random.Generator,
    canvas: np.ndarray,
    style: Style,
    corner: tuple[int, int],
    rail: int,
) -> None:
    """One price tag; a special offer is larger and hangs over the rail."""
    promo = rng.random() < 0.14
    high = round(rail * (1.5 if promo else 0.74))
    wide = round(high * (1.15 if promo else rng.uniform(1.5, 1.9)))
    x, y = corner[0], corner[1] + round(rail * 0.14)
    if high < 3:
        return
    ground = style.promo if promo else style.tag
    far = (x + wide, y + high)
    lift = max(1, rail // 14)
    shade = mix(style.rail, BLACK, 0.5)
    cv2.rectangle(
        canvas, (x + lift, y + lift), (far[0] + lift, far[1] + lift), shade, -1
    )
    cv2.rectangle(canvas, (x, y), far, ground, -1)
    ink = WHITE if lightness(ground) < 0.5 else BLACK
    price = f'{rng.integers(0, 13)}.{rng.choice((19, 29, 49, 79, 89, 99))}'
    center = (x + wide * 0.58, y + high * 0.62)
    put_text(canvas, price, center, wide * 0.74, high * 0.48, ink)
    if high >= 9:
        line = max(1, high // 14)
        top = y + round(high * 0.14)
        canvas[top : top + line, max(0, x + 2) : max(0, x + wide // 2)] = 110
        bars = slice(y + round(high * 0.34), y + round(high * 0.86))
        canvas[bars, max(0, x + 2) : max(0, x + wide // 7) : 2] = 40


def paint_wobblers(
    rng: np.random.Generator, canvas: np.ndarray, scene: Scene, style: Style
) -> None:
    """Draw a few round signs that stick out of the rails over products."""
    for row in scene.rows:
        if rng.random() > 0.3:
            continue
        radius = round((row.bottom - row.floor) * rng.uniform(0.9, 1.3))
        x = int(rng.integers(canvas.shape[1]))
        center = (x, row.bottom + round(radius * 0.5))
        if radius < 4 or row is scene.rows[-1]:
            continue
        cv2.circle(
            canvas,
            (x + radius // 6, center[1] + radius // 6),
            radius,
            (40, 40, 40),
            -1,
            cv2.LINE_AA,
        )
        cv2.circle(canvas, center, radius, style.promo, -1, cv2.LINE_AA)
        ring = max(1, radius // 9)
        cv2.circle(
            canvas, center, round(radius * 0.85), WHITE, ring, cv2.LINE_AA
        )
        ink = WHITE if lightness(style.promo) < 0.5 else BLACK
        text = ('NEW', '-20%', '2+1', 'SALE')[rng.integers(4)]
        put_text(canvas, text, center, radius * 1.2, radius * 0.7, ink)
