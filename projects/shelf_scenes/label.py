"""Draws the labels: backdrop, picture, brand badge and small print."""

import cv2
import numpy as np

from .motifs import paint_motif
from .palette import (
    PRODUCTS,
    Brand,
    Color,
    contrasting,
    draw_ink,
    lightness,
    mix,
)

WHITE, BLACK = (250, 250, 250), (20, 20, 20)


def put_text(
    image: np.ndarray,
    text: str,
    center: tuple[float, float],
    width: float,
    height: float,
    color: Color,
    face: int = cv2.FONT_HERSHEY_DUPLEX,
) -> None:
    """Write text centerd, as large as the given room allows."""
    (wide, high), _ = cv2.getTextSize(text, face, 1, 2)
    scale = min(width / wide, height / high)
    if scale * high < 3:
        return
    corner = (
        round(center[0] - wide * scale / 2),
        round(center[1] + high * scale / 2),
    )
    thick = max(1, round(2 * scale))
    cv2.putText(image, text, corner, face, scale, color, thick, cv2.LINE_AA)


def paint_label(
    rng: np.random.Generator,
    size: tuple[int, int],
    brand: Brand,
    accent: Color,
    text_width: float,
) -> np.ndarray:
    """Draw one label.

    Args:
        rng: What sets this flavour apart.
        size: Width and height in pixels.
        brand: Colors and layout.
        accent: The flavour's color.
        text_width: Room for the brand's name, as a share of the width.

    Returns:
        BGR uint8 image.
    """
    width, height = size
    image = np.empty((height, width, 3), np.uint8)
    image[:] = brand.base
    _paint_backdrop(image, brand, accent)
    tall = height > 0.8 * width
    badge_y = (0.24 if tall else 0.4) * height
    if tall:
        center = (width * rng.uniform(0.47, 0.53), height * 0.62)
        radius = min(width * 0.5 * text_width, height * 0.2)
        paint_motif(image, brand.motif, center, radius, accent)
    _paint_badge(image, brand, accent, badge_y, text_width)
    _paint_print(rng, image, brand, accent, badge_y, text_width)
    return image


def draw_accent(rng: np.random.Generator, brand: Brand) -> Color:
    """Draw a flavour color that differs from the brand's base."""
    for _ in range(8):
        color = draw_ink(rng)
        if np.abs(np.subtract(color, brand.base)).max() > 70:
            return color
    return brand.paper


def _paint_backdrop(image: np.ndarray, brand: Brand, accent: Color) -> None:
    height, width = image.shape[:2]
    style, paper = brand.backdrop, brand.paper
    if style == 1:  # shaded from top to bottom
        part = np.linspace(0, 1, height)[:, None, None] ** 1.5
        shade = np.array(mix(brand.base, BLACK, 0.45))
        image[:] = image * (1 - part) + shade * part
    elif style == 2:  # two halves
        image[height // 2 :] = accent
        band = max(1, height // 40)
        image[height // 2 - band : height // 2 + band] = paper
    elif style == 3:  # a bow across the middle
        center = (width // 2, round(height * 1.02))
        axes = (round(width * 0.95), round(height * 0.56))
        cv2.ellipse(image, center, axes, 0, 0, 360, accent, -1, cv2.LINE_AA)
        axes = (axes[0], round(height * 0.52))
        cv2.ellipse(image, center, axes, 0, 0, 360, paper, -1, cv2.LINE_AA)
    elif style == 4:  # rays
        center = np.array([width / 2, height * 0.6])
        angle = np.arange(24).reshape(12, 2) * np.pi / 12
        ends = np.stack([np.cos(angle), np.sin(angle)], -1) * (width + height)
        shade = mix(brand.base, paper, 0.22)
        for pair in ends:
            points = np.round(np.stack([center, *(center + pair)]))
            cv2.fillConvexPoly(image, points.astype(int), shade, cv2.LINE_AA)
    elif style == 5:  # a slanting field
        points = np.array(
            [(0, 0.72), (1, 0.46), (1, 1), (0, 1)] * np.array([width, height])
        )
        cv2.fillConvexPoly(image, points.astype(int), accent, cv2.LINE_AA)
    elif style == 6:  # pale field in a frame
        edge = max(1, width // 14)
        image[edge : height - edge, edge : width - edge] = paper
        image[: round(height * 0.4)] = brand.base


def _paint_badge(
    image: np.ndarray, brand: Brand, accent: Color, y: float, text_width: float
) -> None:
    """The brand's name on its ground: oval, box, ribbon, disc or none."""
    height, width = image.shape[:2]
    center = (width // 2, round(y))
    half = round(width * text_width / 2)
    tall = round(min(height * 0.13, width * 0.2))
    ink, ground = brand.base, brand.paper
    if brand.badge == 0:
        axes = (half, round(tall * 1.1))
        cv2.ellipse(image, center, axes, 0, 0, 360, ground, -1, cv2.LINE_AA)
    elif brand.badge in (1, 2):
        half = width if brand.badge == 2 else half
        first = (center[0] - half, center[1] - tall)
        second = (center[0] + half, center[1] + tall)
        cv2.rectangle(image, first, second, ground, -1)
    elif brand.badge == 3:
        half = min(half, round(height * 0.2))
        cv2.circle(image, center, half, ground, -1, cv2.LINE_AA)
        edge = max(1, half // 10)
        cv2.circle(image, center, half, accent, edge, cv2.LINE_AA)
    else:
        ink = brand.paper
    face = (cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_SCRIPT_COMPLEX)[
        brand.motif % 2
    ]
    room = 1.72 * min(half, width * text_width / 2)
    put_text(image, brand.name, center, room, tall * 1.25, ink, face)


def _paint_print(
    rng: np.random.Generator,
    image: np.ndarray,
    brand: Brand,
    accent: Color,
    badge_y: float,
    text_width: float,
) -> None:
    """The flavour's band and the lines of small print."""
    height, width = image.shape[:2]
    words = PRODUCTS.split()
    word = words[rng.integers(len(words))]
    room = width * text_width * 0.8
    y = round(badge_y + min(height * 0.2, width * 0.3))
    tall = max(2, round(height * 0.035))
    half = round(room * 0.55)
    ink = WHITE if lightness(accent) < 0.6 else BLACK
    cv2.rectangle(
        image,
        (width // 2 - half, y - tall),
        (width // 2 + half, y + tall),
        accent,
        -1,
    )
    put_text(image, word, (width / 2, y), room, tall * 1.3, ink)
    below = image[round(height * 0.9), width // 2]
    color = contrasting(rng, tuple(int(part) for part in below))
    line = max(1, height // 110)
    for at in np.arange(0.86, 0.95, 0.03):
        half = room * rng.uniform(0.2, 0.45)
        top = round(at * height)
        left, right = round(width / 2 - half), round(width / 2 + half)
        image[top : top + line, left:right] = color
