"""The small pictures on labels."""

import cv2
import numpy as np

from .palette import Color, mix

WHITE, DARK, LEAF = (255, 255, 255), (30, 30, 40), (60, 140, 60)


def paint_motif(
    image: np.ndarray,
    number: int,
    center: tuple[float, float],
    radius: float,
    color: Color,
) -> None:
    """Draw picture ``number`` (modulo their count) around a center."""
    if radius < 3:
        return
    MOTIFS[number % len(MOTIFS)](image, np.array(center), radius, color)


def _disc(
    image: np.ndarray, center: np.ndarray, radius: float, color: Color
) -> None:
    point = tuple(int(round(part)) for part in center)
    cv2.circle(image, point, max(1, round(radius)), color, -1, cv2.LINE_AA)


def _oval(
    image: np.ndarray,
    center: np.ndarray,
    axes: tuple[float, float],
    angle: float,
    color: Color,
) -> None:
    point = tuple(int(round(part)) for part in center)
    size = tuple(max(1, int(round(part))) for part in axes)
    cv2.ellipse(image, point, size, angle, 0, 360, color, -1, cv2.LINE_AA)


def _polygon(image: np.ndarray, points: np.ndarray, color: Color) -> None:
    whole = np.round(points).astype(np.int32)
    cv2.fillPoly(image, [whole], color, cv2.LINE_AA)


def _fruit(
    image: np.ndarray, center: np.ndarray, radius: float, color: Color
) -> None:
    for x, y in ((-0.48, 0.2), (0.48, 0.25), (0, -0.3)):
        at = center + radius * np.array([x, y])
        _disc(image, at, radius * 0.52, mix(color, DARK, 0.35))
        _disc(image, at - radius * 0.05, radius * 0.45, color)
        _disc(image, at - radius * 0.17, radius * 0.12, WHITE)
    _oval(
        image,
        center - (0, radius * 0.85),
        (radius * 0.4, radius * 0.14),
        -25,
        LEAF,
    )


def _leaf(
    image: np.ndarray, center: np.ndarray, radius: float, color: Color
) -> None:
    for angle in (-60, 0, 60):
        turn = np.radians(angle - 90)
        at = center + radius * 0.5 * np.array([np.cos(turn), np.sin(turn)])
        axes = (radius * 0.58, radius * 0.24)
        _oval(image, at, axes, angle - 90, mix(color, LEAF, 0.5))
        end = center + radius * np.array([np.cos(turn), np.sin(turn)])
        cv2.line(
            image,
            tuple(center.astype(int)),
            tuple(end.astype(int)),
            WHITE,
            1,
            cv2.LINE_AA,
        )


def _star(
    image: np.ndarray, center: np.ndarray, radius: float, color: Color
) -> None:
    angle = np.arange(10) * np.pi / 5 - np.pi / 2
    reach = np.where(np.arange(10) % 2, 0.45, 1) * radius
    star = np.stack([np.cos(angle), np.sin(angle)], 1)
    _polygon(image, center + star * reach[:, None] * 1.1, WHITE)
    _polygon(image, center + star * reach[:, None] * 0.9, color)


def _drop(
    image: np.ndarray, center: np.ndarray, radius: float, color: Color
) -> None:
    _disc(image, center + (0, radius * 0.3), radius * 0.68, color)
    tip = np.array([(-0.6, 0.02), (0, -1), (0.6, 0.02)]) * radius
    _polygon(image, center + tip, color)
    _oval(
        image,
        center + (-radius * 0.25, radius * 0.35),
        (radius * 0.12, radius * 0.28),
        20,
        WHITE,
    )


def _sun(
    image: np.ndarray, center: np.ndarray, radius: float, color: Color
) -> None:
    angle = np.arange(12) * np.pi / 6
    for one in angle:
        spread = np.array([one - 0.13, one, one + 0.13])
        reach = np.array([0.6, 1.1, 0.6])[:, None] * radius
        ray = np.stack([np.cos(spread), np.sin(spread)], 1) * reach
        _polygon(image, center + ray, mix(color, WHITE, 0.4))
    _disc(image, center, radius * 0.62, color)


def _biscuit(
    image: np.ndarray, center: np.ndarray, radius: float, color: Color
) -> None:
    dough = mix((90, 160, 215), color, 0.25)
    for shift in ((0.35, 0.3), (-0.2, -0.1)):
        at = center + radius * np.array(shift)
        _disc(image, at, radius * 0.7, mix(dough, DARK, 0.4))
        _disc(image, at - radius * 0.05, radius * 0.64, dough)
        for one in np.arange(5) * 2.4:
            chip = np.array([np.cos(one), np.sin(one)]) * radius * 0.38
            _disc(image, at + chip, radius * 0.1, (35, 50, 75))


def _flower(
    image: np.ndarray, center: np.ndarray, radius: float, color: Color
) -> None:
    for one in np.arange(6) * np.pi / 3:
        at = center + radius * 0.58 * np.array([np.cos(one), np.sin(one)])
        axes = (radius * 0.42, radius * 0.26)
        _oval(image, at, axes, np.degrees(one), mix(color, WHITE, 0.25))
    _disc(image, center, radius * 0.26, (60, 200, 250))


MOTIFS = (_fruit, _leaf, _star, _drop, _sun, _biscuit, _flower)
