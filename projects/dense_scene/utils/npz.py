"""NumPy's .npz files as data: nothing runs, nothing is asked for blindly."""

import math
import os
import zipfile
from os import PathLike

import numpy as np

# Text and numbers; no objects, whose bytes would be a pickle.
_KINDS = 'biufUS'
# What files may unpack to: detections take about twice their size on disk.
_LEAST, _RATIO = 1 << 26, 100


def read_npz(path: str | PathLike, what: str = 'arrays') -> dict:
    """The arrays of a file by name, all of them checked before they are read.

    ValueError of one line, with the path, for every file that is another:
    damaged, of Python objects, or unpacking to over 64 MiB and 100 times its
    size.
    """
    try:
        most = max(_LEAST, _RATIO * os.path.getsize(path))
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                most -= _promised_bytes(archive, name)
            if most < 0:
                raise ValueError('it unpacks to far more than its size')
            with np.load(path, allow_pickle=False) as file:
                return dict(file)
    except FileNotFoundError:
        raise
    except Exception as error:  # zipfile, zlib and numpy raise all kinds
        reason = ' '.join(str(error).split())[:200] or type(error).__name__
        line = f'{path} must hold {what}, but cannot be read: {reason}.'
        raise ValueError(line) from None


def _promised_bytes(archive: zipfile.ZipFile, name: str) -> int:
    """What an array takes in memory by its header."""
    with archive.open(name) as file:
        version = np.lib.format.read_magic(file)
        read = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }
        if version not in read:
            raise ValueError(f'{name} has the unknown version {version}')
        shape, _, dtype = read[version](file)
    if dtype.kind not in _KINDS:
        raise ValueError(f'{name} must hold numbers, but holds {dtype}')
    size = math.prod(shape) * dtype.itemsize
    if size > archive.getinfo(name).file_size:
        raise ValueError(f'{name} promises more than it holds')
    return size
