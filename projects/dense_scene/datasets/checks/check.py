"""Check a folder of SKU-110K: every image, every box."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
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
    image_fault,
)
from .image_record import ImageRecord
from .parallel_inspection import inspect_images

SPLITS = ('train', 'val', 'test')


@dataclass(frozen=True, eq=False)
class SplitCheck:
    """One split, image by image.

    Args:
        split (str): Its name.
        columns (AnnotationColumns): The CSV as it is written.
        records (list[ImageRecord]): For every image of ``columns``.
        boxes (dict[str, np.ndarray]): Of :func:`check_boxes`.
        reasons (list[str]): Why an image is left out; empty if it is not.
    """

    split: str
    columns: AnnotationColumns
    records: list[ImageRecord]
    boxes: dict[str, np.ndarray]
    reasons: list[str]

    @classmethod
    def of(
        cls, split: str, columns: AnnotationColumns, records: list[ImageRecord]
    ) -> 'SplitCheck':
        """Compare a CSV with what its image files are."""
        reasons = [
            image_fault(record, *size)
            for record, size in zip(records, columns.sizes.tolist())
        ]
        return cls(split, columns, records, check_boxes(columns), reasons)

    @property
    def usable_boxes(self) -> np.ndarray:
        """Which boxes :class:`SKU110KDataset` keeps, clipped or not."""
        return ~(self.boxes['degenerate_box'] | self.boxes['box_outside'])

    def usable(self) -> AnnotationColumns:
        """The images that are not left out, with their usable boxes."""
        images = np.array([not reason for reason in self.reasons], bool)
        return self.columns.keep_boxes(self.usable_boxes).take(images)

    def faults(self) -> list[Fault]:
        """Of its images, then of its boxes."""
        return [
            *find_image_faults(self.split, self.records, self.reasons),
            *find_box_faults(self.split, self.columns, self.boxes),
        ]


@dataclass(frozen=True, eq=False)
class SKU110KCheck:
    """What was found.

    Args:
        root (Path): The folder.
        splits (list[SplitCheck]): In the order asked for.
        faults (list[Fault]): By kind, in the order of ``FAULT_KINDS``.
        limit (int, optional): How many images of each split were looked at.
    """

    root: Path
    splits: list[SplitCheck]
    faults: list[Fault]
    limit: int | None = None

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
        root (str | Path): Holds ``images/`` and
            ``annotations/annotations_{split}.csv``.
        journal, workers, progress: Of :func:`inspect_images`.
        splits (Sequence[str]): Which ones. Image files without rows are
            looked for only if these are all three and there is no limit.
        limit (int, optional): Only the first images of each split.

    Raises:
        FileNotFoundError: If a folder or a CSV does not exist.
        ValueError: If a parameter makes no sense, or a CSV is malformed
            (:func:`read_sku110k_csv`).
    """
    root = Path(root)
    if not splits or len(set(splits) & set(SPLITS)) < len(splits):
        raise ValueError(
            f'splits must be some of {", ".join(SPLITS)}, each once, but got '
            f'{list(splits)}.'
        )
    if limit is not None:
        checks.positive_integer('limit', limit)
    columns = [_read(root, split, limit) for split in splits]
    names = dict.fromkeys(
        os.fsdecode(name)
        for part in columns
        for name in part.file_names.tolist()
    )
    folder = root / 'images'
    records = inspect_images(folder, list(names), journal, workers, progress)
    of_name = dict(zip(names, records))
    checked = [
        SplitCheck.of(
            split,
            part,
            [of_name[os.fsdecode(name)] for name in part.file_names.tolist()],
        )
        for split, part in zip(splits, columns)
    ]
    faults = [fault for part in checked for fault in part.faults()]
    faults += find_repeated(
        [(part.split, record) for part in checked for record in part.records]
    )
    if limit is None and set(splits) == set(SPLITS):
        faults += find_unused(folder, names)
    order = list(FAULT_KINDS)
    faults.sort(key=lambda fault: order.index(fault.kind))
    return SKU110KCheck(root, checked, faults, limit)


def _read(root: Path, split: str, limit: int | None) -> AnnotationColumns:
    path = root / 'annotations' / f'annotations_{split}.csv'
    for needed in (root, root / 'images', root / 'annotations', path):
        if not needed.exists():
            raise FileNotFoundError(
                'the folder must be the unpacked SKU110K_fixed, which holds '
                f'images/ and annotations/, but there is no {needed}.'
            )
    return read_sku110k_csv(str(path)).take(slice(limit))
