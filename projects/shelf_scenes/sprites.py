"""Paints one product: its label wrapped on its body, shaded and cut out."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from .label import draw_accent, paint_label
from .palette import Color, draw_brand, draw_ink, mix, to_bgr
from .products import KINDS, body_span, half_widths, outline
from .scene import Run

DETAIL = 2  # painted at twice the size, for smooth edges and fine print
BLACK, WHITE = (12, 12, 12), (255, 255, 255)


@dataclass(frozen=True)
class Sprite:
    """A painted product.

    Attributes:
        color: (H, W, 3) uint8 BGR, already multiplied by the mask.
        mask: (H, W) uint8, 255 inside the silhouette.
    """

    color: np.ndarray
    mask: np.ndarray

    def resized(self, size: tuple[int, int]) -> 'Sprite':
        """The same product at another size (width, height)."""
        return Sprite(
            cv2.resize(self.color, size, interpolation=cv2.INTER_AREA),
            cv2.resize(self.mask, size, interpolation=cv2.INTER_AREA),
        )

    def turned(self, degrees: float) -> tuple['Sprite', int]:
        """Tilted about its center, and the margin added on every side."""
        high, wide = self.mask.shape
        margin = 1 + round(max(high, wide) * abs(np.sin(np.radians(degrees))))
        frame = (wide + 2 * margin, high + 2 * margin)
        # In pixel indices the center of n pixels lies at (n - 1) / 2.
        center = ((wide - 1) / 2, (high - 1) / 2)
        matrix = cv2.getRotationMatrix2D(center, degrees, 1)
        matrix[:, 2] += margin
        color = cv2.warpAffine(self.color, matrix, frame)
        return Sprite(color, cv2.warpAffine(self.mask, matrix, frame)), margin


def paint_product(run: Run, turns: Sequence[float] = (0.0,)) -> list[Sprite]:
    """Paint a run's product, once for each turn of its label.

    Args:
        run: What to paint.
        turns: How far a round product is turned, in label widths.
    """
    rng = np.random.default_rng([run.brand, run.flavour])
    size = (run.width * DETAIL, run.height * DETAIL)
    surface = KINDS[run.kind].surface
    skin = _paint_skin(rng, run, size)
    across, along = _coordinates(run, size)
    light = cv2.merge([_light(rng, surface, across, along)] * 3)
    if surface == 'round':
        gloss = cv2.merge([_gloss(across) * rng.uniform(40, 110)] * 3)
    shade = rng.uniform(0.62, 0.8)
    mask = _cut_out(run, size)
    sprites = []
    for turn in turns:
        painted = _wrap(skin, surface, across, along, turn)
        painted = cv2.multiply(painted, light, dtype=cv2.CV_32F)
        if surface == 'round':
            painted = cv2.add(painted, gloss)
        if run.bend > 0.012 and run.kind in ('can', 'jar', 'tub'):
            _paint_lid(painted, run, size, shade)
        painted = cv2.multiply(
            painted, cv2.merge([mask] * 3), scale=1 / 255, dtype=cv2.CV_8U
        )
        sprites.append(Sprite(painted, mask).resized((run.width, run.height)))
    return sprites


def _cut_out(run: Run, size: tuple[int, int]) -> np.ndarray:
    """The silhouette as a mask with smooth edges."""
    mask = np.zeros(size[::-1], np.uint8)
    # fillPoly counts from pixel centers, here in sixteenths of a pixel.
    points = outline(KINDS[run.kind], run.bend) * size * 16 - 8
    whole = np.round(points).astype(np.int32)
    return cv2.fillPoly(mask, [whole], 255, cv2.LINE_AA, shift=4)


def _coordinates(
    run: Run, size: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Where on the body each pixel lies, as (H, W) float32.

    Returns:
        The position across (-1..1 from edge to edge) and along (0 top, 1
        bottom).
    """
    kind = KINDS[run.kind]
    x = (np.arange(size[0], dtype=np.float32) + 0.5) / size[0] * 2 - 1
    y = (np.arange(size[1], dtype=np.float32) + 0.5) / size[1]
    low, high = body_span(kind, run.bend)
    straight = np.clip((y - low) / (high - low), 0, 1)
    radius = half_widths(kind, straight).astype(np.float32)
    radius /= max(half for _, half in kind.profile)
    across = np.clip(x[None] / radius[:, None], -1, 1)
    # The near side of a circle below eye level is drawn lower.
    sag = np.float32(run.bend) * radius[:, None] * np.sqrt(1 - across**2)
    along = np.clip((y[:, None] - sag - low) / (high - low), 0, 1)
    return across, along


def _wrap(
    skin: np.ndarray,
    surface: str,
    across: np.ndarray,
    along: np.ndarray,
    turn: float,
) -> np.ndarray:
    """Lay the flat skin around the body."""
    high, wide = skin.shape[:2]
    if surface == 'round':
        # The visible half of a cylinder shows 0.8 of what is painted.
        across = np.arcsin(across) * (0.8 * 2 / np.pi) + 2 * turn
    column = (across + 1) * (wide / 2) - 0.5
    line = along * high - 0.5
    return cv2.remap(
        skin,
        column.astype(np.float32),
        line.astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )


def _light(
    rng: np.random.Generator,
    surface: str,
    across: np.ndarray,
    along: np.ndarray,
) -> np.ndarray:
    """How bright each pixel of the body is: (H, W) float32."""
    if surface == 'round':
        # A round body lit from the front and a little from the left.
        facing = 1 - (0.9 * across + 0.1) ** 2
        return 0.36 + 0.68 * np.sqrt(facing)
    if surface == 'flat':
        light = 1 + rng.uniform(-0.07, 0.07) * across - 0.1 * along
        edge = np.minimum(1 - np.abs(across), along * 1.6)
        return light * (0.72 + 0.28 * np.minimum(edge * 16, 1))
    grid = rng.normal(0, 1, (9, 6)).astype(np.float32)
    size = across.shape[::-1]
    wrinkles = cv2.resize(grid, size, interpolation=cv2.INTER_CUBIC)
    ends = np.abs(along * 2 - 1)
    bulge = 0.62 + 0.4 * np.sqrt(np.maximum(1 - across**2 * 0.8, 0))
    crimp = np.where(ends > 0.92, 0.85 + 0.1 * np.sin(across * 60), 1)
    return (bulge + 0.13 * wrinkles * (0.4 + ends)) * crimp


def _gloss(across: np.ndarray) -> np.ndarray:
    """The bright stripes that shop lamps leave on glass and lacquer."""
    main = np.exp(-(((across + 0.42) / 0.11) ** 2))
    return main + 0.35 * np.exp(-(((across - 0.72) / 0.07) ** 2))


def _paint_skin(
    rng: np.random.Generator, run: Run, size: tuple[int, int]
) -> np.ndarray:
    """The whole unrolled surface: cap, body and label."""
    kind, brand = KINDS[run.kind], draw_brand(run.brand)
    accent = draw_accent(rng, brand)
    wide, high = size
    skin = np.empty((high, wide, 3), np.uint8)
    skin[:] = _body_color(rng, run.kind, brand.base, accent)
    first, last = (round(part * high) for part in kind.label)
    text = 0.62 if kind.surface == 'round' else 0.84
    skin[first:last] = paint_label(
        rng, (wide, last - first), brand, accent, text
    )
    _paint_cap(rng, skin, run.kind, brand.paper, accent)
    return skin


def _body_color(
    rng: np.random.Generator, kind: str, base: Color, accent: Color
) -> Color:
    """Glass, liquid, metal or plastic."""
    if kind == 'wine':
        dark = ((40, 60, 25), (30, 45, 60), (35, 25, 60), (140, 190, 190))
        return dark[rng.integers(len(dark))]
    if kind == 'bottle':
        water = to_bgr(rng.uniform(0.5, 0.6), 0.18, 0.86)
        drink = (water, mix(accent, WHITE, 0.25), mix(accent, BLACK, 0.5))
        return drink[rng.integers(len(drink))]
    if kind == 'can':
        return 205, 203, 200
    if kind == 'jar':
        return mix(accent, (40, 70, 120), 0.4)
    return (base, mix(base, WHITE, 0.85))[int(rng.random() < 0.4)]


def _paint_cap(
    rng: np.random.Generator,
    skin: np.ndarray,
    kind: str,
    paper: Color,
    accent: Color,
) -> None:
    """Lids, caps, seams and rims."""
    high, wide = skin.shape[:2]
    color = (accent, paper, draw_ink(rng))[rng.integers(3)]
    ends = {'bottle': 0.08, 'wine': 0.24, 'jug': 0.135, 'jar': 0.185}
    if kind in ends:
        end = round(ends[kind] * high)
        skin[:end] = color
        ribs = max(2, wide // 24)
        if kind != 'wine':
            skin[:end, ::ribs] = mix(color, BLACK, 0.25)
        skin[end : end + max(1, high // 90)] = mix(color, BLACK, 0.6)
    elif kind == 'tub':
        skin[: round(0.1 * high)] = mix(paper, WHITE, 0.5)
        seam = round(0.1 * high)
        skin[seam : seam + max(1, high // 60)] = mix(paper, BLACK, 0.6)
    elif kind == 'brick':
        top = round(0.14 * high)
        skin[:top] = mix(tuple(int(c) for c in skin[-1, 0]), WHITE, 0.3)
        skin[round(0.05 * high) : round(0.06 * high)] = (120, 120, 120)
        at, radius = (wide // 2, round(0.095 * high)), max(1, wide // 10)
        cv2.circle(skin, at, radius, color, -1, cv2.LINE_AA)


def _paint_lid(
    painted: np.ndarray, run: Run, size: tuple[int, int], light: float
) -> None:
    """The lid of a round product that stands below eye level."""
    kind = KINDS[run.kind]
    rim = kind.profile[0][1]
    half = run.bend * rim
    center = (size[0] // 2, round(half * size[1]))
    axes = (round(size[0] / 2 * rim), max(1, round(half * size[1])))
    metal = (175, 172, 170) if run.kind == 'can' else (225, 225, 228)
    ring = tuple(float(min(255, part * 1.25)) for part in metal)
    cv2.ellipse(painted, center, axes, 0, 0, 360, ring, -1, cv2.LINE_AA)
    inner = tuple(max(1, round(part * 0.86)) for part in axes)
    shade = tuple(part * light for part in metal)
    cv2.ellipse(painted, center, inner, 0, 0, 360, shade, -1, cv2.LINE_AA)
