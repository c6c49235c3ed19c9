"""Compare the sizes in the annotations with the image files."""

import os
import os.path as osp

import numpy as np
from mmengine.logging import print_log
from PIL import Image, UnidentifiedImageError
from rich.progress import track

from ..annotation_columns import AnnotationColumns
from .integrity import find_file_fault
from .orientation import upright_size


def check_images(columns: AnnotationColumns, folder: str) -> AnnotationColumns:
    """Leave out images that cannot be read; refuse wrong sizes.

    Only headers and end markers are read. The size that counts is that of
    the decoded image, after its EXIF orientation.

    Args:
        columns (AnnotationColumns): What to check.
        folder (str): Local folder of the images.

    Returns:
        AnnotationColumns: Without the images that are missing, truncated or
        unreadable; the log names them.

    Raises:
        ValueError: If an image has another size than its annotations say.
    """
    keep, faults, wrong = np.ones(len(columns), bool), [], []
    for index in track(range(len(columns)), 'checking images'):
        name = os.fsdecode(columns.file_names[index])
        path = osp.join(folder, name)
        height, width = columns.sizes[index].tolist()
        size = decoded_size(path)
        if isinstance(size, str):
            keep[index] = False
            faults.append(f'{name} {size}')
        elif size != (width, height):
            wrong.append(
                f'{name} is {size[0]}x{size[1]}, not {width}x{height}'
            )
    if wrong:
        raise ValueError(
            f'images in {folder} must have the size that their annotations '
            f'say, but {len(wrong)} have not: {"; ".join(wrong[:5])}. Correct '
            'the annotations, or put these in skip_images.'
        )
    if faults:
        print_log(
            f'skipped {len(faults)} images in {folder}: {"; ".join(faults)}.',
            'current',
        )
    return columns.take(keep)


def decoded_size(path: str) -> tuple[int, int] | str:
    """Width and height of an image after its EXIF orientation.

    Args:
        path (str): A local file, of which only the header and the end marker
            are read.

    Returns:
        tuple[int, int] | str: The size, or what is wrong with the file, as
        :func:`find_file_fault` says it.
    """
    if fault := find_file_fault(path):
        return fault
    try:
        with Image.open(path) as image:
            return upright_size(image)
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError):
        return 'is no image that can be read'
