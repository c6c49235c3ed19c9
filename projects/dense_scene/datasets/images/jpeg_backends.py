"""Decode a JPEG at 1/1, 1/2, 1/4 or 1/8, by whichever library there is."""

import functools
import io
from collections.abc import Callable

import cv2
import numpy as np
from PIL import Image

_CV2_FLAGS = {
    1: cv2.IMREAD_COLOR,
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}


def decode_by_cv2(data: bytes, denominator: int) -> np.ndarray | None:
    """The stored pixels, BGR; None where OpenCV finds no image."""
    flags = _CV2_FLAGS[denominator] | cv2.IMREAD_IGNORE_ORIENTATION
    return cv2.imdecode(np.frombuffer(data, np.uint8), flags)


def decode_by_pillow(data: bytes, denominator: int) -> np.ndarray:
    """The stored pixels, BGR; OSError where Pillow cannot decode."""
    with Image.open(io.BytesIO(data), formats=('JPEG',)) as image:
        if denominator > 1:
            # draft() takes the largest factor that keeps this size. Asked
            # for w // 2 it takes 2, since w // (w // 2) < 4; so for 4 and 8.
            width, height = (max(n // denominator, 1) for n in image.size)
            image.draft('RGB', (width, height))
        rgb = np.asarray(image.convert('RGB'))
    return cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)


def decode_by_turbojpeg(data: bytes, denominator: int) -> np.ndarray:
    """The stored pixels, BGR; OSError where libjpeg-turbo cannot decode."""
    return _turbojpeg().decode(data, scaling_factor=(1, denominator))


@functools.cache
def _turbojpeg():
    """PyTurboJPEG's decoder; loaded when asked for, in each process."""
    import turbojpeg

    return turbojpeg.TurboJPEG()


# All three sit on libjpeg-turbo and give the same pixels. cv2 comes before
# Pillow since it is faster: benchmarks/pipeline.py prints by how much.
DECODERS: dict[str, Callable[[bytes, int], np.ndarray | None]] = {
    'turbojpeg': decode_by_turbojpeg,
    'cv2': decode_by_cv2,
    'pillow': decode_by_pillow,
}


def resolve_backend(name: str) -> tuple[str, str | None]:
    """The backend that will decode, and why it is not the one asked for.

    OpenCV and Pillow are always there, mmcv needs both. PyTurboJPEG is
    optional: it needs the library libturbojpeg beside it.

    Args:
        name (str): ``'auto'`` (turbojpeg, else cv2), ``'turbojpeg'``,
            ``'cv2'`` or ``'pillow'``.

    Returns:
        tuple[str, str | None]: A key of :data:`DECODERS`, and one line that
        says what is missing, None where nothing is.

    Raises:
        ValueError: If there is no backend of this name.
    """
    if name not in ('auto', *DECODERS):
        raise ValueError(
            "backend must be 'auto', 'turbojpeg', 'cv2' or "
            f"'pillow', but got {name!r}."
        )
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
