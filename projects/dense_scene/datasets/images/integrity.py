"""Whether the bytes of an image file are all there."""

import mmap

_JPEG_START, _JPEG_END = b'\xff\xd8', b'\xff\xd9'
_JPEG_SCAN = 0xDA
_PNG_START = b'\x89PNG\r\n\x1a\n'
_PNG_END = b'IEND\xaeB`\x82'


def find_image_fault(data: bytes | mmap.mmap) -> str | None:
    """Say what is wrong with an image file, by its first and last bytes.

    OpenCV 4 decodes a JPEG that ends too early without a complaint and fills
    the missing rows with one colour (OpenCV 5 refuses it). JPEG and PNG have
    an end marker; whether it is there is seen without decoding. Pixels are
    not looked at, so an image that passes may still fail to decode.

    Args:
        data (bytes | mmap.mmap): The whole file.

    Returns:
        str | None: ``'is empty'``, ``'is a truncated JPEG'`` or ``'is a
        truncated PNG'``; None for a complete file and for other formats.

    Example:
        >>> find_image_fault(b'')
        'is empty'
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


def find_file_fault(path: str) -> str | None:
    """:func:`find_image_fault` for a file, without reading all of it.

    Args:
        path (str): A local file.

    Returns:
        str | None: As :func:`find_image_fault`; ``'does not exist'`` or
        ``'cannot be read (...)'`` where the file cannot be opened.
    """
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
        position += 2 + int.from_bytes(
            data[position + 2 : position + 4], 'big'
        )
    return None
