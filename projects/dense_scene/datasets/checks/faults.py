"""What can be wrong with a data set, what is done about it, and finding it."""

import os
from collections.abc import Container, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ...utils.boxes import MIN_SIDE, clip_boxes
from ..annotation_columns import AnnotationColumns
from .contradictions import find_repeated_boxes
from .image_record import ImageRecord

SKIPPED = 'image left out of the usable list'
KEPT = 'kept; look at it'

# By kind: in words, and what happens to it; the gravest first, as reported.
FAULT_KINDS = {
    'missing_image': ('rows without an image file', SKIPPED),
    'unreadable': ('image that cannot be read whole', SKIPPED),
    'wrong_size': ('size in the CSV is not that of the file', SKIPPED),
    'two_splits': ('same image name in two splits', KEPT),
    'duplicate_image': ('same file under another name', KEPT),
    'corrupt_data': ('JPEG with damaged data that still decodes', KEPT),
    'no_rows': ('image file without rows', 'not used'),
    'orientation': (
        'EXIF orientation is set',
        'turned by the loader; boxes must refer to the turned image',
    ),
    'other_format': ('content is not JPEG', 'decoded all the same'),
    'not_rgb': ('image is not 8-bit RGB', 'turned into RGB by the loader'),
    'degenerate_box': (
        'box less than a pixel wide or high',
        'dropped on loading',
    ),
    'box_outside': ('box outside of its image', 'dropped on loading'),
    'box_reaches_out': ('box reaches out of its image', 'clipped on loading'),
    'duplicate_box': ('same box again in one image', KEPT),
}


class Fault(NamedTuple):
    """One thing that is wrong."""

    kind: str  # a key of FAULT_KINDS
    split: str  # empty for files that belong to none
    image: str
    detail: str  # what was found


def check_boxes(columns: AnnotationColumns) -> dict[str, np.ndarray]:
    """Compare every box with its image and with its neighbors.

    (N,) bool by kind of fault. The first three exclude one another: less than
    a pixel wide or high as written, or inverted; less than a pixel of it in
    the image; not wholly in it. The fourth: the same as an earlier box.
    """
    boxes = columns.boxes
    sizes = np.repeat(columns.sizes[:, ::-1], columns.counts, axis=0)
    clipped, fits = clip_boxes(boxes, sizes)
    degenerate = (boxes[:, 2:] - boxes[:, :2] < MIN_SIDE).any(axis=1)
    return dict(
        degenerate_box=degenerate,
        box_outside=~fits & ~degenerate,
        box_reaches_out=(clipped != boxes).any(axis=1) & fits & ~degenerate,
        duplicate_box=find_repeated_boxes(columns),
    )


def find_image_faults(
    split: str, records: Sequence[ImageRecord], reasons: Sequence[str]
) -> Iterator[Fault]:
    """What is wrong with, or unusual about, each file."""
    for record, reason in zip(records, reasons):
        is_missing = record.fault == 'does not exist'
        kind = 'unreadable' if record.fault else 'wrong_size'
        found = {'missing_image' if is_missing else kind: reason}
        found['corrupt_data'] = record.damage
        if record.orientation != 1:
            found['orientation'] = f'EXIF orientation {record.orientation}'
        if record.format not in ('', 'JPEG'):
            found['other_format'] = record.format
        if record.mode not in ('', 'RGB'):
            found['not_rgb'] = f'mode {record.mode}'
        for kind, detail in found.items():
            if detail:
                yield Fault(kind, split, record.name, detail)


def find_box_faults(
    split: str, columns: AnnotationColumns, masks: dict[str, np.ndarray]
) -> Iterator[Fault]:
    """A fault for every box of :func:`check_boxes`."""
    images = np.repeat(np.arange(len(columns)), columns.counts)
    for kind, mask in masks.items():
        for row in np.flatnonzero(mask):
            name = os.fsdecode(columns.file_names[images[row]])
            height, width = columns.sizes[images[row]]
            sides = (f'{side:.10g}' for side in columns.boxes[row].tolist())
            detail = f'box {", ".join(sides)} in {width}x{height}'
            yield Fault(kind, split, name, detail)


def find_repeated(
    splits: Sequence[tuple[str, Sequence[ImageRecord]]],
) -> Iterator[Fault]:
    """Names in two splits, and equal files of different names."""
    split_of_name: dict[str, str] = {}
    first_of_digest: dict[str, tuple[str, str]] = {}
    for split, record in ((s, r) for s, records in splits for r in records):
        first = split_of_name.setdefault(record.name, split)
        if first != split:
            detail = f'is in {first} too'
            yield Fault('two_splits', split, record.name, detail)
        elif record.sha256 and not record.fault:
            this = record.name, split
            name, other = first_of_digest.setdefault(record.sha256, this)
            if name != record.name:
                detail = f'same bytes as {name} ({other})'
                yield Fault('duplicate_image', split, record.name, detail)


def find_unused(folder: Path, used: Container[str]) -> Iterator[Fault]:
    """Files of the image folder that are not used."""
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        hidden = entry.name.startswith('.') or not entry.is_file()
        if not hidden and entry.name not in used:
            yield Fault('no_rows', '', entry.name, 'in no CSV')
