"""Decode a JPEG no larger than it will be needed, with exact coordinates."""

import io
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from .jpeg_backends import DECODERS
from .orientation import apply_orientation, read_orientation, swaps_sides

_JPEG_START = b'\xff\xd8\xff'


class JpegHeader(NamedTuple):
    """What a JPEG says before its pixels.

    Attributes:
        width (int): Of the stored image, pixels.
        height (int): Of the stored image, pixels.
        orientation (int): The EXIF tag, 1 without one.
        cmyk (bool): Whether the image has four colour components.
    """

    width: int
    height: int
    orientation: int
    cmyk: bool

    @property
    def upright_size(self) -> tuple[int, int]:
        """(width, height) after the EXIF orientation."""
        size = self.width, self.height
        return size[::-1] if swaps_sides(self.orientation) else size


def read_jpeg_header(data: bytes) -> JpegHeader | None:
    """Read the header; None where the file is no JPEG, whatever its name.

    Args:
        data (bytes): The file, of which only the headers are looked at.

    Returns:
        JpegHeader | None: None also for a header that Pillow refuses.
    """
    if data[:3] != _JPEG_START:
        return None
    try:
        image = Image.open(io.BytesIO(data), formats=('JPEG',))
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError):
        return None
    return JpegHeader(
        *image.size, read_orientation(image), image.mode == 'CMYK'
    )


def choose_denominator(size: tuple[int, int], final: tuple[int, int]) -> int:
    """The smallest decoding from which nothing is enlarged.

    The largest d of 8, 4, 2 with ``final * d <= size`` in both directions,
    else 1.

    Args:
        size (tuple[int, int]): Of the full image.
        final (tuple[int, int]): After all resizing, in the same order.

    Returns:
        int: 1, 2, 4 or 8.
    """
    for denominator in (8, 4, 2):
        if all(f * denominator <= s for f, s in zip(final, size)):
            return denominator
    return 1


def decode_jpeg(
    data: bytes, header: JpegHeader, denominator: int = 1, backend: str = 'cv2'
) -> np.ndarray | None:
    """Decode at 1 / denominator; bring upright.

    A side n becomes m = ceil(n / d). Where d does not divide n, the last
    pixel that libjpeg gives reaches past the edge of the image, so that the
    m pixels stand for m * d > n: the n / d that are image are then stretched
    over the m. So in every case the array is the whole image and nothing
    else, and a coordinate x of the full image lies at x * m / n, exactly.

    Args:
        data (bytes): The file.
        header (JpegHeader): Its header.
        denominator (int): 1, 2, 4 or 8. Defaults to 1.
        backend (str): A key of ``jpeg_backends.DECODERS``. Four colour
            components are decoded by OpenCV in place of turbojpeg, which
            cannot convert them. Defaults to 'cv2'.

    Returns:
        np.ndarray | None: (ceil(H / d), ceil(W / d), 3) uint8 BGR, upright;
        None or an exception of the backend where it cannot be decoded.

    Raises:
        ValueError: If the pixels have another size than the header says.
    """
    if header.cmyk and backend == 'turbojpeg':
        backend = 'cv2'
    image = DECODERS[backend](data, denominator)
    if image is None:
        return None
    stored = header.height, header.width
    expected = tuple(-(-side // denominator) for side in stored)
    if image.shape[:2] != expected:
        raise ValueError(
            f'its header promises {expected} rows and columns '
            f'at 1/{denominator}, but got {image.shape[:2]}'
        )
    if any(side % denominator for side in stored):
        image = _stretch_to_content(image, stored, denominator)
    return apply_orientation(image, header.orientation)


def _stretch_to_content(
    image: np.ndarray, stored: tuple[int, int], denominator: int
) -> np.ndarray:
    """Let the part of the array that is image fill the array."""
    rows, columns = image.shape[:2]
    # cv2.resize could only stretch the padding along with the image. Pixel
    # i, whose centre is at i + 0.5, comes from (i + 0.5) * step - 0.5.
    step_x = stored[1] / (columns * denominator)
    step_y = stored[0] / (rows * denominator)
    source = np.array(
        [[step_x, 0, (step_x - 1) / 2], [0, step_y, (step_y - 1) / 2]]
    )
    return cv2.warpAffine(
        image,
        source,
        (columns, rows),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
