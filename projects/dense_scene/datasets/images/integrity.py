"""Whether image files are whole and have the size they should have."""

import mmap
import os
import os.path as osp

import numpy as np
from mmengine.logging import print_log
from PIL import Image, UnidentifiedImageError
from rich.progress import track

from ..annotation_columns import AnnotationColumns
from .orientation import upright_size

_JPEG_START, _JPEG_END = b'\xff\xd8', b'\xff\xd9'
_JPEG_SCAN = 0xDA
_PNG_START = b'\x89PNG\r\n\x1a\n'
_PNG_END = b'IEND\xaeB`\x82'


def find_image_fault(data: bytes | mmap.mmap) -> str | None:
    """Say what is wrong with an image file, by its first and last bytes.

    OpenCV 4 decodes a JPEG that ends too early without a complaint and fills
    the missing rows with one color (OpenCV 5 refuses it). JPEG and PNG have
    an end marker; whether it is there is seen without decoding. An image that
    passes, with None, may still fail to decode; so may other formats.
    """
    if not len(data):
        return 'is empty'
    if data[:2] == _JPEG_START:
        # The search begins behind the headers: a thumbnail in them has an
        # end marker of its own. Bytes behind the marker are allowed, phones
        # append data there.
        scan = _find_jpeg_scan(data)
        if scan is None or data.rfind(_JPEG_END, scan) < 0:
            return 'is a truncated JPEG'
    elif data[:8] == _PNG_START and data.rfind(_PNG_END) < 0:
        return 'is a truncated PNG'
    return None


def _find_jpeg_scan(data: bytes | mmap.mmap) -> int | None:
    """Step over the header segments to the first scan, None without one."""
    position = 2
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == _JPEG_SCAN:
            return position
        if marker == 0xFF:  # a fill byte in front of the marker
            position += 1
            continue
        length = data[position + 2 : position + 4]
        position += 2 + int.from_bytes(length, 'big')
    return None


def find_file_fault(path: str) -> str | None:
    """:func:`find_image_fault` of a local file, without reading all of it."""
    try:
        with open(path, 'rb') as file:
            if not file.read(1):
                return 'is empty'
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return find_image_fault(data)
    except FileNotFoundError:
        return 'does not exist'
    except OSError as error:
        return f'cannot be read ({error.strerror})'


def decoded_size(path: str) -> tuple[int, int] | str:
    """Width and height of an image after its EXIF orientation.

    Or what is wrong with the file, of which only the header and the end
    marker are read, as :func:`find_file_fault` says it.
    """
    if fault := find_file_fault(path):
        return fault
    try:
        with Image.open(path) as image:
            return upright_size(image)
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError):
        return 'cannot be read as an image'


def check_images(columns: AnnotationColumns, folder: str) -> AnnotationColumns:
    """Leave out images of a local folder that cannot be read, with a log.

    An image that has another size (:func:`decoded_size`) than its annotations
    say is a ValueError.
    """
    keep, faults, wrong = np.ones(len(columns), bool), [], []
    for index in track(range(len(columns)), 'checking images'):
        name = os.fsdecode(columns.file_names[index])
        height, width = columns.sizes[index].tolist()
        size = decoded_size(osp.join(folder, name))
        if isinstance(size, str):
            keep[index] = False
            faults.append(f'{name} {size}')
        elif size != (width, height):
            wrong.append(
                f'{name} is {size[0]}x{size[1]}, not {width}x{height}'
            )
    if wrong:
        wanted = f'images in {folder} must have the size of their annotations'
        fault = f'{len(wrong)} have not: {"; ".join(wrong[:5])}'
        raise ValueError(f'{wanted}, but {fault}. Put them in skip_images.')
    if faults:
        listed = f'{len(faults)} images in {folder}: {"; ".join(faults)}'
        print_log(f'skipped {listed}.', 'current')
    return columns.take(keep)
