"""Which images a user means, and what their pixels are."""

import glob
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import msgspec
import numpy as np

from ..datasets.images.integrity import find_image_fault
from ..utils.file_names import IMAGE_SUFFIXES
from ..utils.files import find_files
from ..utils.texts import read_json

# What a folder of photos holds besides those that OpenCV decodes.
_OTHER_SUFFIXES = frozenset(
    [
        *('.heic', '.heif', '.avif', '.svg', '.pdf', '.psd', '.raw'),
        *('.dng', '.cr2', '.cr3', '.nef', '.arw', '.orf', '.rw2', '.raf'),
        *('.mp4', '.mov', '.avi', '.mkv', '.webm', '.m4v', '.3gp'),
    ]
)


@dataclass(frozen=True)
class Photos:
    """Images to look at, M of them.

    Args:
        paths (list[Path]): The files; whether they exist is seen later.
        names (list[str]): What tables call them, each once: below the folder
            or as in the COCO file, with ``/``.
        ids (list[int]): Of COCO results; 1 to M unless a COCO file has others.
        category_ids (dict[str, int], optional): By name, of a COCO file.
            Defaults to None.
        others (list[str]): Films, raw photos and the like in the folder, which
            are not looked at.
    """

    paths: list[Path]
    names: list[str]
    ids: list[int]
    category_ids: dict[str, int] | None = None
    others: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        """Number of images."""
        return len(self.paths)


class _Image(msgspec.Struct):
    id: int
    file_name: str


class _Category(msgspec.Struct):
    id: int
    name: str


class _File(msgspec.Struct):
    images: list[_Image]
    categories: list[_Category] = []


def find_photos(
    source: str,
    image_dir: str | None = None,
    leave_out: str | Path | None = None,
) -> Photos:
    """The images of a file, a folder and all below it, a glob or a COCO file.

    Args:
        source (str): An image; a folder; a pattern such as
            ``'photos/**/*.jpg'``; a COCO JSON, with or without annotations.
        image_dir (str, optional): The folder that the names in a COCO file
            are relative to. Defaults to None: that of the file.
        leave_out (str | Path, optional): Images below this folder are no
            input: the one that pictures are written to. Defaults to None.
    """
    path, others = Path(source), []
    if path.suffix.lower() == '.json' and path.is_file():
        return _read_coco(path, Path(image_dir or path.parent))
    if path.is_dir():
        folder, names = path, find_files(path, IMAGE_SUFFIXES)
        others = list(map(str, find_files(path, _OTHER_SUFFIXES)))
    elif path.exists():
        folder, names = path.parent, [Path(path.name)]
    else:
        # A name may hold a bracket; only what is no file is a pattern.
        found = sorted(map(Path, glob.glob(source, recursive=True)))
        found = [p for p in found if p.suffix.lower() in IMAGE_SUFFIXES]
        if not found and not glob.has_magic(source):
            raise FileNotFoundError(f'{source} does not exist.')
        folder = Path(os.path.commonpath([p.parent for p in found] or ['.']))
        names = [p.relative_to(folder) for p in found]
    if leave_out is not None:
        outside = Path(leave_out).resolve()
        names = [
            name
            for name in names
            if outside not in (folder / name).resolve().parents
        ]
    if not names:
        kinds = ', '.join(sorted(IMAGE_SUFFIXES))
        such = f', but with {_endings(others)}' if others else ''
        raise ValueError(
            f'{source} must hold at least one image, but no name there ends '
            f'with {kinds}{such}.'
        )
    ids = list(range(1, len(names) + 1))
    paths = [folder / name for name in names]
    texts = [name.as_posix() for name in names]
    return Photos(paths, texts, ids, others=others)


def describe_others(photos: Photos) -> str:
    """What of a folder is not looked at, in a line; '' for nothing."""
    if not photos.others:
        return ''
    return (
        f'{len(photos.others)} files that end with {_endings(photos.others)} '
        'are not looked at: make JPEG of them'
    )


def _endings(names: Sequence[str]) -> str:
    return ', '.join(sorted({os.path.splitext(n)[1].lower() for n in names}))


def _read_coco(path: Path, folder: Path) -> Photos:
    file = read_json(path, _File, 'a COCO JSON file with images')
    names = [image.file_name for image in file.images]
    ids = [image.id for image in file.images]
    for what, values in (('file_name', names), ('id', ids)):
        if len(set(values)) < len(values):
            raise ValueError(f'{path}: every image must have its own {what}.')
    if not names:
        raise ValueError(f'{path} must list at least one image, but has none.')
    categories = {item.name: item.id for item in file.categories}
    paths = [folder / name for name in names]
    return Photos(paths, names, ids, categories or None)


def read_photo(
    path: str | os.PathLike, color_type: str = 'color', backend: str = 'cv2'
) -> np.ndarray | str:
    """The pixels of a file, or what is wrong with it.

    As mmcv loads it for training: EXIF turns it upright, 16 bits become 8 by
    leaving out the lower ones, CMYK becomes BGR.

    Args:
        path (str | PathLike): A local file.
        color_type, backend (str): Of ``LoadImageFromFile``.

    Returns:
        np.ndarray | str: (H, W, 3) uint8, BGR; or the rest of a sentence that
        begins with the name of the file.
    """
    if os.path.exists(path) and not os.path.isfile(path):
        return 'cannot be read (it is no file)'  # a pipe would wait for ever
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError:
        return 'does not exist'
    except OSError as error:
        return f'cannot be read ({error.strerror})'
    except ValueError as error:
        return f'cannot be read ({error})'
    if fault := find_image_fault(data):
        return fault
    try:
        image = _decode(data, color_type, backend)
    except Exception as error:  # each backend has exceptions of its own
        return f'cannot be decoded ({" ".join(str(error).split())})'
    return 'is no image that can be decoded' if image is None else image


def _decode(data: bytes, color_type: str, backend: str) -> np.ndarray | None:
    """As ``mmcv.imfrombytes``, which loads torch and so waits its turn."""
    if (color_type, backend) == ('color', 'cv2'):
        return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    import mmcv

    return mmcv.imfrombytes(data, flag=color_type, backend=backend)
