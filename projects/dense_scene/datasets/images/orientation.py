"""The eight orientations that EXIF knows."""

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
        exif = Image.Exif()
        exif.load(image.info.get('exif', b''))
        # The header of a TIFF is of the same kind as EXIF.
        tags = getattr(image, 'tag_v2', exif)
        value = tags.get(_TAG, 1)
    except Exception:  # broken EXIF raises all kinds; the pixels are there
        return 1
    # The tag may hold anything; only these have a meaning.
    return value if value in range(1, 9) else 1


def upright_size(image: Image.Image) -> tuple[int, int]:
    """Width and height of an opened file after its EXIF orientation."""
    # Pillow gives the size of a TIFF as it is after turning it.
    if image.format == 'TIFF' or not swaps_sides(read_orientation(image)):
        return image.size
    return image.size[::-1]
