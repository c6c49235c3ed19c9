"""A bar above a picture: how many objects, and what the colors mean."""

from collections.abc import Sequence

import cv2
import numpy as np

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_INK = (0, 0, 0)
Entry = tuple[str, tuple[int, int, int]]


def add_caption(
    image: np.ndarray, text: str, legend: Sequence[Entry] = ()
) -> np.ndarray:
    """The image below a white bar, which hides no object.

    What does not fit beside the text goes to further lines; what is wider
    than the picture is cut.

    Args:
        image (np.ndarray): (H, W, 3), uint8.
        text (str): Stands in the left corner.
        legend (Sequence[Entry]): Names, and their colors in the order of the
            image's channels. Defaults to (): none.

    Returns:
        np.ndarray: (H + bar, W, 3), uint8.
    """
    width = image.shape[1]
    scale = float(np.clip(width / 1600, 0.45, 2.0))
    line = round(36 * scale) + 4
    items = [(text, None), *legend]
    places, rows = _lay_out([name for name, _ in items], width, scale, line)
    bar = np.full((rows * line, width, 3), 255, np.uint8)
    side = round(18 * scale)
    for (name, color), (x, row) in zip(items, places):
        base = row * line + (line + side) // 2
        if color is not None:
            corner = (x + side, base)
            cv2.rectangle(bar, (x, base - side), corner, color, cv2.FILLED)
            x += side + side // 2
        shown = name.encode('ascii', 'replace').decode()  # all of the font
        font = _FONT, scale * 0.8, _INK, max(1, round(scale)), cv2.LINE_AA
        cv2.putText(bar, shown, (x, base), *font)
    return np.concatenate([bar, image])


def _lay_out(
    names: Sequence[str], width: int, scale: float, line: int
) -> tuple[list[tuple[int, int]], int]:
    """Left edge and row of each entry, and the number of rows."""
    places, x, row = [], line // 4, 0
    for name in names:
        needs = cv2.getTextSize(name, _FONT, scale * 0.8, 1)[0][0] + line
        if places and x + needs > width:
            x, row = line // 4, row + 1
        places.append((x, row))
        x += needs + line // 4
    return places, row + 1
