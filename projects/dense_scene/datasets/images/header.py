"""What an image file says of itself before its pixels."""

import os
import warnings
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image

from .integrity import find_file_fault
from .orientation import upright_size


class PictureHeader(NamedTuple):
    """Size and depth of an image file, which has no fault so far."""

    path: str
    size: tuple[int, int]  # width and height, upright
    stored: tuple[int, int]  # before the EXIF orientation
    deep: bool  # more than 8 bits a value

    def brightest(self) -> int | None:
        """The largest value that loaders make of it, of 255.

        OpenCV, and with it mmcv, keeps the upper 8 of 16 bits. None where it
        decodes nothing, such as a TIFF of 32 bits a value.
        """
        data = np.fromfile(self.path, np.uint8)
        image = cv2.imdecode(data, cv2.IMREAD_COLOR)
        return None if image is None else int(image.max())


def read_picture_header(path: str | os.PathLike) -> PictureHeader | str:
    """Read the header of a file, or say what is wrong with the file.

    Besides the header only the end marker is read, as by
    :func:`find_file_fault`.
    """
    path = os.fspath(path)
    if fault := find_file_fault(path):
        return fault
    try:
        with warnings.catch_warnings(), Image.open(path) as image:
            warnings.simplefilter('ignore')  # of broken tags
            deep = image.mode[0] in 'IF' or ';16' in str(image.tile)
            size = upright_size(image)
            stored = size if size == image.size else image.size
            return PictureHeader(path, size, stored, deep)
    except Exception:  # Pillow's plugins raise what a bad file provokes
        return _decode_header(path)


def _decode_header(path: str) -> PictureHeader | str:
    """Of the few formats that OpenCV alone reads."""
    known = cv2.haveImageReader(path)
    image = cv2.imread(path, cv2.IMREAD_UNCHANGED) if known else None
    if image is None:
        return 'cannot be read as an image'
    size = image.shape[1], image.shape[0]
    return PictureHeader(path, size, size, image.itemsize > 1)
