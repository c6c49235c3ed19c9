"""Colors and words of invented brands."""

import colorsys
from dataclasses import dataclass

import numpy as np

Color = tuple[int, int, int]  # BGR, 0..255

# Hue, saturation and value of colors that shops are full of.
INKS = (
    (0.99, 0.90, 0.78),
    (0.00, 0.85, 0.88),
    (0.03, 0.88, 0.92),
    (0.08, 0.90, 0.97),
    (0.13, 0.90, 0.98),
    (0.16, 0.75, 0.98),
    (0.27, 0.72, 0.70),
    (0.36, 0.85, 0.52),
    (0.47, 0.80, 0.58),
    (0.54, 0.60, 0.88),
    (0.58, 0.90, 0.75),
    (0.62, 0.85, 0.52),
    (0.75, 0.60, 0.58),
    (0.83, 0.55, 0.70),
    (0.92, 0.55, 0.92),
    (0.07, 0.65, 0.40),
    (0.11, 0.25, 0.93),
    (0.60, 0.10, 0.22),
    (0.12, 0.06, 0.95),
    (0.58, 0.06, 0.85),
)
STARTS = 'Ba Be Bo Ca Co Da De Fa Fi Ga Go Ha Ka Ki La Le Li Lu Ma Me Mi Mo'
STARTS += ' Na No Nu Or Pa Pe Po Ra Ri Ro Sa Se So Ta Ti To Va Ve Vi Zo'
ENDS = 'bel ca dor fa gi ko la lin lo ma mar na nix no pan ra ri ro sa sol ta'
ENDS += ' tis to va vel vi xa za zen'
PRODUCTS = 'Original Classic Light Fresh Natural Extra Crispy Zero Gold Bio'
PRODUCTS += ' Family Premium Mild Intense Vanilla Lemon Berry Mint Cocoa Plus'


@dataclass(frozen=True)
class Brand:
    """What all flavours of one brand share.

    Attributes:
        name: Its name, one or two syllables.
        base: Main color.
        paper: A light or dark color that stands out from the base.
        badge, backdrop, motif: Which of the drawings the label uses.
    """

    name: str
    base: Color
    paper: Color
    badge: int
    backdrop: int
    motif: int


def to_bgr(hue: float, saturation: float, value: float) -> Color:
    """HSV in 0..1 to BGR in 0..255; hue wraps, the others are cut."""
    saturation, value = np.clip([saturation, value], 0, 1)
    rgb = colorsys.hsv_to_rgb(hue % 1, saturation, value)
    red, green, blue = (round(255 * part) for part in rgb)
    return blue, green, red


def draw_ink(rng: np.random.Generator) -> Color:
    """Draw a packaging color."""
    hue, saturation, value = INKS[rng.integers(len(INKS))]
    shift = rng.normal(size=3) * (0.012, 0.05, 0.05)
    return to_bgr(hue + shift[0], saturation + shift[1], value + shift[2])


def lightness(color: Color) -> float:
    """Perceived lightness, 0..1 (Rec. 601 weights)."""
    return float(np.dot(color, (0.114, 0.587, 0.299)) / 255)


def mix(first: Color, second: Color, part: float) -> Color:
    """The color ``part`` of the way from the first to the second."""
    pairs = zip(first, second)
    blue, green, red = (round(a + (b - a) * part) for a, b in pairs)
    return blue, green, red


def contrasting(rng: np.random.Generator, color: Color) -> Color:
    """Draw a near-white, cream, yellow or deep color that stands out."""
    if lightness(color) < 0.55:
        hue, saturation = ((0.12, 0.04), (0.13, 0.18), (0.14, 0.75))[
            rng.choice(3, p=(0.6, 0.2, 0.2))
        ]
        return to_bgr(hue, saturation, 0.97)
    hue = rng.choice((0.0, 0.36, 0.6, 0.66, 0.75, 0.08))
    return to_bgr(float(hue), rng.uniform(0.7, 0.95), rng.uniform(0.3, 0.6))


def draw_word(rng: np.random.Generator) -> str:
    """Draw an invented name."""
    starts, ends = STARTS.split(), ENDS.split()
    word = starts[rng.integers(len(starts))] + ends[rng.integers(len(ends))]
    return word.upper() if rng.random() < 0.4 else word


def draw_brand(seed: int) -> Brand:
    """The brand of a seed."""
    rng = np.random.default_rng(seed)
    base = draw_ink(rng)
    return Brand(
        name=draw_word(rng),
        base=base,
        paper=contrasting(rng, base),
        badge=int(rng.integers(6)),
        backdrop=int(rng.integers(7)),
        motif=int(rng.integers(7)),
    )
