"""Check a folder of SKU-110K: every image, every box."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..annotation_columns import AnnotationColumns
from ..sku110k.reader import read_sku110k_csv
from .box_check import BoxCheck, check_boxes
from .faults import FAULT_KINDS, Fault
from .image_record import ImageRecord
from .parallel_inspection import inspect_images

SPLITS = ('train', 'val', 'test')


@dataclass(frozen=True, eq=False)
class SplitCheck:
    """One split, image by image.

    Args:
        split (str): Its name.
        columns (AnnotationColumns): The CSV as it is written.
        boxes (BoxCheck): For every box of ``columns``.
        records (list[ImageRecord]): For every image of ``columns``.
        reasons (list[str]): Why an image is left out; empty if it is not.
    """

    split: str
    columns: AnnotationColumns
    boxes: BoxCheck
    records: list[ImageRecord]
    reasons: list[str]

    @property
    def names(self) -> list[str]:
        """The images, in the order of the CSV."""
        return [record.name for record in self.records]

    def usable(self) -> AnnotationColumns:
        """The images that are not left out, with their usable boxes."""
        images = np.array([not reason for reason in self.reasons], bool)
        return self.columns.keep_boxes(self.boxes.usable).take(images)


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
            kind: (counts[kind], FAULT_KINDS[kind].title)
            for kind in FAULT_KINDS
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
    _check_request(root, splits, limit)
    columns = [_read(root, split, limit) for split in splits]
    names = dict.fromkeys(
        os.fsdecode(name)
        for part in columns
        for name in part.file_names.tolist()
    )
    folder = root / 'images'
    records = inspect_images(folder, list(names), journal, workers, progress)
    by_name = dict(zip(names, records))
    checked = [
        _check_split(split, part, by_name)
        for split, part in zip(splits, columns)
    ]
    faults = [fault for part in checked for fault in _find_faults(part)]
    faults += _find_repeated(checked)
    if limit is None and set(splits) >= set(SPLITS):
        faults += _find_unused(folder, names)
    order = {kind: number for number, kind in enumerate(FAULT_KINDS)}
    faults.sort(key=lambda fault: order[fault.kind])
    return SKU110KCheck(root, checked, faults, limit)


def _check_request(
    root: Path, splits: Sequence[str], limit: int | None
) -> None:
    unknown = [split for split in splits if split not in SPLITS]
    if unknown or not splits or len(set(splits)) < len(splits):
        raise ValueError(
            f'splits must be some of {", ".join(SPLITS)}, each '
            f'once, but got {list(splits)}. Correct them.'
        )
    if limit is not None and limit < 1:
        raise ValueError(
            f'limit must be at least 1, but got {limit}. Leave '
            'it out to check all images.'
        )
    for path in (root, root / 'images', root / 'annotations'):
        if not path.is_dir():
            raise FileNotFoundError(
                'the folder must be the unpacked SKU110K_fixed, which holds '
                f'images/ and annotations/, but there is no {path}. Correct '
                'the path.'
            )


def _read(root: Path, split: str, limit: int | None) -> AnnotationColumns:
    path = root / 'annotations' / f'annotations_{split}.csv'
    if not path.is_file():
        raise FileNotFoundError(
            f'every split must have its annotations, but there is no {path}. '
            'Copy it from the archive, or name the splits that are there.'
        )
    return read_sku110k_csv(str(path)).take(slice(limit))


def _check_split(
    split: str, columns: AnnotationColumns, by_name: dict[str, ImageRecord]
) -> SplitCheck:
    records = [
        by_name[os.fsdecode(name)] for name in columns.file_names.tolist()
    ]
    reasons = [
        _reason(record, *size)
        for record, size in zip(records, columns.sizes.tolist())
    ]
    return SplitCheck(split, columns, check_boxes(columns), records, reasons)


def _reason(record: ImageRecord, height: int, width: int) -> str:
    """Why an image cannot be used, empty if it can."""
    if record.fault:
        return record.fault
    if (record.width, record.height) != (width, height):
        return (
            f'is {record.width}x{record.height}, the CSV says {width}x{height}'
        )
    return ''


def _find_faults(part: SplitCheck) -> Iterator[Fault]:
    for record, reason in zip(part.records, part.reasons):
        if reason:
            kind = 'wrong_size' if not record.fault else 'unreadable'
            if record.fault == 'does not exist':
                kind = 'missing_image'
            yield Fault(kind, part.split, record.name, reason)
        for kind, detail in _describe(record):
            yield Fault(kind, part.split, record.name, detail)
    yield from _find_box_faults(part)


def _describe(record: ImageRecord) -> Iterator[tuple[str, str]]:
    """What is unusual about a file that can be used."""
    if record.damage:
        yield 'corrupt_data', record.damage
    if record.orientation != 1:
        yield 'orientation', f'EXIF orientation {record.orientation}'
    if record.format not in ('', 'JPEG'):
        yield 'other_format', record.format
    if record.mode not in ('', 'RGB'):
        yield 'not_rgb', f'mode {record.mode}'


def _find_box_faults(part: SplitCheck) -> Iterator[Fault]:
    names, columns = part.names, part.columns
    images = np.repeat(np.arange(len(columns)), columns.counts)
    for kind, mask in (
        ('degenerate_box', part.boxes.degenerate),
        ('box_outside', part.boxes.outside),
        ('box_reaches_out', part.boxes.reaches_out),
        ('duplicate_box', part.boxes.duplicate),
    ):
        for row in np.flatnonzero(mask):
            image = images[row]
            height, width = columns.sizes[image]
            corners = ', '.join(
                f'{value:.10g}' for value in columns.boxes[row].tolist()
            )
            yield Fault(
                kind,
                part.split,
                names[image],
                f'box {corners} in {width}x{height}',
            )


def _find_repeated(parts: list[SplitCheck]) -> Iterator[Fault]:
    """Names in two splits, and equal files of different names."""
    split_of_name: dict[str, str] = {}
    name_of_digest: dict[str, tuple[str, str]] = {}
    for part in parts:
        for record in part.records:
            first = split_of_name.setdefault(record.name, part.split)
            if first != part.split:
                yield Fault(
                    'two_splits', part.split, record.name, f'is in {first} too'
                )
                continue
            if not record.sha256 or record.fault:
                continue
            split, name = name_of_digest.setdefault(
                record.sha256, (part.split, record.name)
            )
            if name != record.name:
                yield Fault(
                    'duplicate_image',
                    part.split,
                    record.name,
                    f'same bytes as {name} ({split})',
                )


def _find_unused(folder: Path, names: dict[str, None]) -> list[Fault]:
    found = sorted(
        entry.name
        for entry in os.scandir(folder)
        if entry.is_file() and not entry.name.startswith('.')
    )
    return [
        Fault('no_rows', '', name, 'in no CSV')
        for name in found
        if name not in names
    ]
