"""Check a folder of SKU-110K: every image, every box."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from ...utils import checks
from ..annotation_columns import AnnotationColumns
from ..sku110k.reader import read_sku110k_csv
from .faults import (
    FAULT_KINDS,
    Fault,
    check_boxes,
    find_box_faults,
    find_image_faults,
    find_repeated,
    find_unused,
)
from .image_record import ImageRecord
from .parallel_inspection import inspect_images

SPLITS = ('train', 'val', 'test')


@dataclass(frozen=True, eq=False)
class SplitCheck:
    """One split, image by image."""

    split: str
    columns: AnnotationColumns  # the CSV as it is written
    records: list[ImageRecord]  # for every image of it

    @cached_property
    def reasons(self) -> list[str]:
        """Why an image is left out, empty if it is not, for every image."""
        return [
            record.misfit(*size)
            for record, size in zip(self.records, self.columns.sizes.tolist())
        ]

    @cached_property
    def boxes(self) -> dict[str, np.ndarray]:
        """Of :func:`check_boxes`."""
        return check_boxes(self.columns)

    @property
    def usable_boxes(self) -> np.ndarray:
        """Which boxes :class:`SKU110KDataset` keeps, clipped or not."""
        return ~(self.boxes['degenerate_box'] | self.boxes['box_outside'])

    def usable(self) -> AnnotationColumns:
        """The images that are not left out, with their usable boxes."""
        images = np.array([not reason for reason in self.reasons], bool)
        return self.columns.keep_boxes(self.usable_boxes).take(images)


@dataclass(frozen=True, eq=False)
class SKU110KCheck:
    """What was found."""

    root: Path
    splits: list[SplitCheck]  # in the order asked for
    faults: list[Fault]  # in the order of FAULT_KINDS
    limit: int | None = None  # images of each split that were looked at

    def summary(self) -> dict[str, tuple[int, str]]:
        """Number and title of each kind of fault that was found."""
        counts = Counter(fault.kind for fault in self.faults)
        return {
            kind: (counts[kind], title)
            for kind, (title, _) in FAULT_KINDS.items()
            if counts[kind]
        }


def check_sku110k(
    root: str | Path,
    journal: str | Path,
    splits: Sequence[str] = SPLITS,
    limit: int | None = None,
    workers: int | None = None,
    progress: bool = True,
) -> SKU110KCheck:
    """Check images and annotations; nothing in ``root`` is changed.

    Args:
        root: Holds ``images/`` and ``annotations/annotations_{split}.csv``.
        journal, workers, progress: Of :func:`inspect_images`.
        splits: Which ones. Image files without rows are looked for only if
            these are all three and there is no limit.
        limit: Only the first images of each split.
    """
    root = Path(root)
    if not splits or len(set(splits) & set(SPLITS)) < len(splits):
        wanted = f'some of {", ".join(SPLITS)}, each once'
        raise ValueError(f'splits must be {wanted}, but got {list(splits)}.')
    if limit is not None:
        checks.positive_integer('limit', limit)
    columns = [_read(root, split, limit) for split in splits]
    names = [list(map(os.fsdecode, c.file_names.tolist())) for c in columns]
    each = list(dict.fromkeys(sum(names, [])))
    folder = root / 'images'
    records = inspect_images(folder, each, journal, workers, progress)
    of_name = dict(zip(each, records))
    checked = [
        SplitCheck(split, part, [of_name[name] for name in part_names])
        for split, part, part_names in zip(splits, columns, names)
    ]
    faults = list(find_repeated([(c.split, c.records) for c in checked]))
    for part in checked:
        faults += find_image_faults(part.split, part.records, part.reasons)
        faults += find_box_faults(part.split, part.columns, part.boxes)
    if limit is None and set(splits) == set(SPLITS):
        faults += find_unused(folder, of_name)
    order = list(FAULT_KINDS)
    faults.sort(key=lambda fault: order.index(fault.kind))
    return SKU110KCheck(root, checked, faults, limit)


def _read(root: Path, split: str, limit: int | None) -> AnnotationColumns:
    path = root / 'annotations' / f'annotations_{split}.csv'
    for needed in (root / 'images', path):
        if not needed.exists():
            wanted = f'{root} must be the unpacked SKU110K_fixed'
            raise FileNotFoundError(f'{wanted}, but there is no {needed}.')
    return read_sku110k_csv(str(path)).take(slice(limit))
