"""Whether image files are whole, seen without decoding them."""

import io
import math
import mmap
import os
import stat
import struct
import warnings

from PIL import Image

# Pillow's own limit: 512 MiB of RGB.
MAX_PIXELS = 2 * (1024**3 // 4 // 3)

_JPEG_START, _JPEG_END = b'\xff\xd8', b'\xff\xd9'
_JPEG_SCAN = 0xDA
_JPEG_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_PNG_START = b'\x89PNG\r\n\x1a\n'
_PNG_END = b'IEND\xaeB`\x82'


def find_image_fault(data: bytes | mmap.mmap) -> str | None:
    """Say what is wrong with an image file, by its first and last bytes.

    OpenCV 4 decodes a JPEG that ends too early without a complaint and fills
    the missing rows with one color (OpenCV 5 refuses it). JPEG and PNG have
    an end marker; whether it is there is seen without decoding, and so is
    whether the header claims more pixels than memory should be asked for. An
    image that passes, with None, may still fail to decode.
    """
    if not len(data):
        return 'is empty'
    if data[:2] == _JPEG_START:
        # The search begins behind the headers: a thumbnail in them has an
        # end marker of its own. Bytes behind the marker are allowed, phones
        # append data there.
        scan, pixels = _read_jpeg(data)
        if scan is None or data.rfind(_JPEG_END, scan) < 0:
            return 'is a truncated JPEG'
    elif data[:8] == _PNG_START:
        if data.rfind(_PNG_END) < 0:
            return 'is a truncated PNG'
        width, height = struct.unpack('>II', data[16:24])
        pixels = width * height
    else:
        pixels = _claimed_pixels(data)
    if pixels > MAX_PIXELS:
        return f'claims more than {MAX_PIXELS // 10**6} million pixels'
    return None


def _read_jpeg(data: bytes | mmap.mmap) -> tuple[int | None, int]:
    """Step over the headers to the first scan, None without one; pixels."""
    position, pixels = 2, 0
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == _JPEG_SCAN:
            return position, pixels
        if marker == 0xFF:  # a fill byte in front of the marker
            position += 1
            continue
        if marker in _JPEG_FRAMES:
            sides = data[position + 5 : position + 9].ljust(4, b'\0')
            height, width = struct.unpack('>HH', sides)
            pixels = max(pixels, width * height)
        length = data[position + 2 : position + 4]
        position += 2 + int.from_bytes(length, 'big')
    return None, pixels


def _claimed_pixels(data: bytes | mmap.mmap) -> int:
    """Width times height by the header of any other format; 0 if unknown."""
    file = data if isinstance(data, mmap.mmap) else io.BytesIO(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore', Image.DecompressionBombWarning)
            return math.prod(Image.open(file).size)
    except Image.DecompressionBombError:
        return MAX_PIXELS + 1
    except Exception:  # Pillow's plugins raise what a bad file provokes
        return 0


def find_file_fault(path: str) -> str | None:
    """:func:`find_image_fault` of a local file, without reading all of it."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return 'is not a file'  # a folder, or a pipe, which would wait
        with open(path, 'rb') as file:
            if not file.read(1):
                return 'is empty'
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return find_image_fault(data)
    except FileNotFoundError:
        return 'does not exist'
    except OSError as error:
        return f'cannot be read ({error.strerror})'
