"""The eight orientations that EXIF knows."""

import struct

import cv2
import numpy as np
from PIL import Image

_TAG = 0x0112  # "Orientation"
# What brings the stored rows and columns upright, by the value of the tag.
_UPRIGHT = {
    2: lambda image: cv2.flip(image, 1),
    3: lambda image: cv2.rotate(image, cv2.ROTATE_180),
    4: lambda image: cv2.flip(image, 0),
    5: cv2.transpose,
    6: lambda image: cv2.rotate(image, cv2.ROTATE_90_CLOCKWISE),
    7: lambda image: cv2.transpose(cv2.rotate(image, cv2.ROTATE_180)),
    8: lambda image: cv2.rotate(image, cv2.ROTATE_90_COUNTERCLOCKWISE),
}


def apply_orientation(image: np.ndarray, orientation: int) -> np.ndarray:
    """Bring an image upright, as ``PIL.ImageOps.exif_transpose`` does.

    Source: EXIF 2.32 (CIPA DC-008), tag 0x0112, "Orientation". Values other
    than 1 to 8 have no meaning and count as 1, upright: the same array.
    """
    upright = _UPRIGHT.get(orientation)
    return image if upright is None else upright(image)


def swaps_sides(orientation: int) -> bool:
    """Whether the upright image is as wide as the stored one is high."""
    return 5 <= orientation <= 8


def read_orientation(image: Image.Image) -> int:
    """The EXIF orientation of an opened file, as OpenCV sees it.

    Differs from Pillow's ``getexif``, which makes up an orientation from XMP
    or from the text of a PNG where EXIF has none: OpenCV, and with it mmcv,
    turns no image for these. 1, upright, without EXIF, and where it is broken
    or says what has no meaning.
    """
    try:
        if image.format == 'PNG' and 'exif' not in image.info:
            image.load()  # it may stand behind the pixels
        # The header of a TIFF is of the same kind as EXIF.
        tags = getattr(image, 'tag_v2', None)
        if tags is not None:
            value = tags.get(_TAG, 1)
        else:
            value = _find_orientation(image.info.get('exif', b''))
    except Exception:  # broken EXIF raises all kinds; the pixels are there
        return 1
    # The tag may hold anything; only these have a meaning.
    is_known = isinstance(value, int) and value in range(1, 9)
    return value if is_known else 1


def _find_orientation(exif: bytes) -> int:
    """The tag's value as OpenCV takes it, whatever type the entry claims.

    It reads two bytes where a SHORT would stand. Pillow converts by the
    type, and refuses a count that is not 1.
    """
    data = exif.removeprefix(b'Exif\0\0')
    order = {b'II': '<', b'MM': '>'}[data[:2]]
    mark, start = struct.unpack_from(f'{order}HI', data, 2)
    (count,) = struct.unpack_from(f'{order}H', data, start)
    for entry in range(start + 2, start + 2 + 12 * count, 12):
        tag, _, _, value = struct.unpack_from(f'{order}HHIH', data, entry)
        if tag == _TAG:
            return value if mark == 42 else 1
    return 1


def upright_size(image: Image.Image) -> tuple[int, int]:
    """Width and height of an opened file after its EXIF orientation."""
    # Pillow gives the size of a TIFF as it is after turning it.
    if image.format == 'TIFF' or not swaps_sides(read_orientation(image)):
        return image.size
    return image.size[::-1]
