"""Colors that color-blind readers tell apart (Okabe and Ito 2008)."""

BLUE, ORANGE, GREEN = '#0072B2', '#D55E00', '#009E73'
PINK, YELLOW, SKY = '#CC79A7', '#E69F00', '#56B4E9'
# In the order in which a figure takes them.
PALETTE = (BLUE, ORANGE, GREEN, PINK, YELLOW, SKY)


def nth_color(number: int) -> str:
    """The palette in turns."""
    return PALETTE[number % len(PALETTE)]


def to_rgb(color: str) -> tuple[int, int, int]:
    """'#RRGGBB' as numbers from 0 to 255."""
    return to_bgr(color)[::-1]


def to_bgr(color: str) -> tuple[int, int, int]:
    """'#RRGGBB' as OpenCV wants it: blue, green, red, 0 to 255."""
    red, green, blue = bytes.fromhex(color[1:])
    return blue, green, red
