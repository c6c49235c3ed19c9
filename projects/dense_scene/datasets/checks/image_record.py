"""Everything about one image file, from reading it once."""

import hashlib
import io
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from ..images.integrity import find_image_fault
from ..images.orientation import read_orientation, upright_size

_STDERR = 2


@dataclass(frozen=True)
class ImageRecord:
    """What an image file is."""

    name: str  # below the image folder
    bytes: int = 0
    mtime_ns: int = 0  # when it was changed last
    sha256: str = ''  # of the whole file, hexadecimal
    width: int = 0  # pixels, after the EXIF orientation; 0 where unknown
    height: int = 0
    format: str = ''  # PIL's name, such as 'JPEG'; empty where unknown
    mode: str = ''  # PIL's name, 'RGB' for 8-bit color
    orientation: int = 1  # the EXIF tag; 1 is upright, also where absent
    fault: str = ''  # why the image cannot be used; empty where it can
    damage: str = ''  # what the JPEG decoder complained about

    def misfit(self, height: int, width: int) -> str:
        """Why it cannot be used where annotations say this size, or ''."""
        if self.fault or (self.width, self.height) == (width, height):
            return self.fault
        return f'is {self.width}x{self.height}, the CSV says {width}x{height}'


def inspect_image(folder: str, name: str) -> ImageRecord:
    """Read an image file once: digest, header, end marker, and decode it.

    JPEG is decoded at an eighth of its size: that reads every coefficient,
    in half the time. libjpeg writes to standard error what it repairs
    silently otherwise ('Corrupt JPEG data: ...'), so that is caught. Where
    there is no file, ``fault`` is 'does not exist'.
    """
    try:
        with open(os.path.join(folder, name), 'rb') as file:
            # Before reading: a change while reading is then seen next time.
            status = os.fstat(file.fileno())
            data = file.read()
    except FileNotFoundError:
        return ImageRecord(name, fault='does not exist')
    except OSError as error:
        return ImageRecord(name, fault=f'cannot be read ({error.strerror})')
    header = _read_header(data)
    fault, damage = find_image_fault(data) or '', ''
    if not fault and not header:
        fault = 'cannot be read as an image'
    if not fault:
        fault, damage = _decode(data)
    return ImageRecord(
        name,
        status.st_size,
        status.st_mtime_ns,
        hashlib.sha256(data).hexdigest(),
        **header,
        fault=fault,
        damage=damage,
    )


def _read_header(data: bytes) -> dict:
    """Size, format, mode and orientation; empty if PIL knows no such file."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            orientation = read_orientation(image)
            width, height = upright_size(image)
            return dict(
                width=width,
                height=height,
                format=image.format or '',
                mode=image.mode,
                orientation=orientation,
            )
    except Exception:  # PIL's plugins raise whatever a bad file provokes
        return {}


def _decode(data: bytes) -> tuple[str, str]:
    """What makes it unusable, and what the decoder complained about."""
    with _standard_error() as messages:
        try:
            image = cv2.imdecode(
                np.frombuffer(data, np.uint8), cv2.IMREAD_REDUCED_COLOR_8
            )
        except cv2.error:
            image = None
    if image is None:
        return 'cannot be decoded', ''
    # OpenCV's own log lines begin with a bracket.
    complaints = [line for line in messages if not line.startswith('[')]
    return '', '; '.join(dict.fromkeys(complaints))[:200]


@contextmanager
def _standard_error() -> Iterator[list[str]]:
    """Collect the lines that C code writes to standard error."""
    lines: list[str] = []
    sys.stderr.flush()
    with tempfile.TemporaryFile() as file:
        real = os.dup(_STDERR)
        os.dup2(file.fileno(), _STDERR)
        try:
            yield lines
        finally:
            os.dup2(real, _STDERR)
            os.close(real)
            file.seek(0)
            text = file.read().decode(errors='replace')
            lines.extend(filter(None, map(str.strip, text.splitlines())))
