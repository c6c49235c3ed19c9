"""Decode a JPEG no larger than it will be needed, with exact coordinates."""

import functools
import io
from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from ...utils.checks import choice
from .orientation import apply_orientation, read_orientation, swaps_sides

_JPEG_START = b'\xff\xd8\xff'
_CV2_FLAGS = {
    1: cv2.IMREAD_COLOR,
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}


def _decode_by_cv2(data: bytes, denominator: int) -> np.ndarray | None:
    flags = _CV2_FLAGS[denominator] | cv2.IMREAD_IGNORE_ORIENTATION
    return cv2.imdecode(np.frombuffer(data, np.uint8), flags)


def _decode_by_pillow(data: bytes, denominator: int) -> np.ndarray:
    with Image.open(io.BytesIO(data), formats=('JPEG',)) as image:
        if denominator > 1:
            # draft() takes the largest factor that keeps this size. Asked
            # for w // 2 it takes 2, since w // (w // 2) < 4; so for 4 and 8.
            width, height = (max(n // denominator, 1) for n in image.size)
            image.draft('RGB', (width, height))
        rgb = np.asarray(image.convert('RGB'))
    return cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)


def _decode_by_turbojpeg(data: bytes, denominator: int) -> np.ndarray:
    return _turbojpeg().decode(data, scaling_factor=(1, denominator))


@functools.cache
def _turbojpeg():
    """PyTurboJPEG's decoder; loaded when asked for, in each process."""
    import turbojpeg

    return turbojpeg.TurboJPEG()


# The stored pixels, BGR, at 1/1, 1/2, 1/4 or 1/8; None or an error of the
# library where it cannot decode. All three sit on libjpeg-turbo and give the
# same pixels. cv2 comes before Pillow since it is faster:
# benchmarks/pipeline.py prints by how much.
DECODERS: dict[str, Callable[[bytes, int], np.ndarray | None]] = {
    'turbojpeg': _decode_by_turbojpeg,
    'cv2': _decode_by_cv2,
    'pillow': _decode_by_pillow,
}


def resolve_backend(name: str) -> tuple[str, str | None]:
    """The backend that will decode, and why it is not the one asked for.

    OpenCV and Pillow are always there, mmcv needs both. PyTurboJPEG is
    optional: it needs the library libturbojpeg beside it.

    Args:
        name: ``'auto'`` (turbojpeg, else cv2) or a key of :data:`DECODERS`.

    Returns:
        A key of :data:`DECODERS`, and one line that says what is missing,
        None where nothing is.
    """
    choice('backend', name, ('auto', *DECODERS))
    if name not in ('auto', 'turbojpeg'):
        return name, None
    try:
        _turbojpeg()
    except ImportError:
        missing = 'PyTurboJPEG is not installed'
    except (OSError, RuntimeError) as error:
        reason = ' '.join(str(error).split())
        missing = f'PyTurboJPEG cannot load libturbojpeg ({reason})'
    else:
        return 'turbojpeg', None
    return 'cv2', f'{missing}: OpenCV decodes JPEG files instead'


class JpegHeader(NamedTuple):
    """What a JPEG says before its pixels."""

    width: int  # of the stored image, pixels
    height: int
    orientation: int  # the EXIF tag, 1 without one
    cmyk: bool  # whether the image has four color components

    @property
    def upright_size(self) -> tuple[int, int]:
        """(width, height) after the EXIF orientation."""
        size = self.width, self.height
        return size[::-1] if swaps_sides(self.orientation) else size


def read_jpeg_header(data: bytes) -> JpegHeader | None:
    """Read the header; None where Pillow finds no JPEG, whatever its name."""
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
        data, header: The file and its header.
        denominator: d, one of 1, 2, 4 or 8.
        backend: A key of :data:`DECODERS`. Four color components are decoded
            by OpenCV in place of turbojpeg, which cannot convert them.

    Returns:
        (ceil(H / d), ceil(W / d), 3) uint8 BGR, upright; None or an exception
        of the backend where it cannot be decoded.
    """
    if header.cmyk and backend == 'turbojpeg':
        backend = 'cv2'
    image = DECODERS[backend](data, denominator)
    if image is None:
        return None
    stored = header.height, header.width
    expected = tuple(-(-side // denominator) for side in stored)
    if image.shape[:2] != expected:
        wanted = f'its header promises {expected} at 1/{denominator}'
        raise ValueError(f'{wanted}, but got {image.shape[:2]}')
    if any(side % denominator for side in stored):
        image = _stretch_to_content(image, stored, denominator)
    return apply_orientation(image, header.orientation)


def _stretch_to_content(
    image: np.ndarray, stored: tuple[int, int], denominator: int
) -> np.ndarray:
    """Let the part of the array that is image fill the array."""
    rows, columns = image.shape[:2]
    # cv2.resize could only stretch the padding along with the image. Pixel
    # i, whose center is at i + 0.5, comes from (i + 0.5) * step - 0.5.
    step_x = stored[1] / (columns * denominator)
    step_y = stored[0] / (rows * denominator)
    source = np.array(
        [[step_x, 0, (step_x - 1) / 2], [0, step_y, (step_y - 1) / 2]]
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(
        image, source, (columns, rows), None, flags, cv2.BORDER_REPLICATE
    )
