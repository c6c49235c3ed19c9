"""The results of a check as files that data sets and people can read."""

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from ...utils.files import write_text
from .check import SKU110KCheck, SplitCheck
from .faults import Fault

IMAGE_COLUMNS = (
    *('split', 'image', 'width', 'height', 'bytes', 'sha256', 'boxes'),
    *('usable_boxes', 'left_out_because'),
)


def write_manifests(check: SKU110KCheck, folder: str | Path) -> list[Path]:
    """Write what was found; the same check gives the same bytes.

    - ``images.csv``: every image with size, SHA-256 and, where it is left
      out, the reason.
    - ``faults.csv``: every fault.
    - ``usable_{split}.txt``: the images that are not left out, for
      ``SKU110KDataset(manifest=...)``; those that are, as comments.

    Args:
        check (SKU110KCheck): The result.
        folder (str | Path): Made if absent.

    Returns:
        list[Path]: The files. A split without a usable image has no
        ``usable_{split}.txt``; an older one is removed.
    """
    folder = Path(folder)
    rows = [row for part in check.splits for row in _image_rows(part)]
    texts = {
        'images.csv': _csv([IMAGE_COLUMNS, *rows]),
        'faults.csv': _csv([Fault._fields, *check.faults]),
    }
    for part in check.splits:
        name = f'usable_{part.split}.txt'
        if all(part.reasons):
            (folder / name).unlink(missing_ok=True)
        else:
            texts[name] = _manifest(part, check.limit)
    for name, text in texts.items():
        write_text(folder / name, [text])
    return [folder / name for name in texts]


def _image_rows(part: SplitCheck) -> Iterable[tuple]:
    """Size and digest are those of the file, empty where unknown."""
    usable = part.columns.keep_boxes(part.usable_boxes).counts
    for record, boxes, left, reason in zip(
        part.records, part.columns.counts, usable, part.reasons
    ):
        size = record.width or '', record.height or '', record.bytes
        name = part.split, record.name
        yield *name, *size, record.sha256, boxes, left, reason


def _manifest(part: SplitCheck, limit: int | None) -> str:
    pairs = [
        (record.name, reason)
        for record, reason in zip(part.records, part.reasons)
    ]
    skipped = [f'#   {name} {reason}' for name, reason in pairs if reason]
    names = [name for name, reason in pairs if not reason]
    lines = [
        f'# SKU-110K, {part.split}: {len(names)} usable images with '
        f'{len(part.usable().boxes)} usable boxes.',
        *([f'# Only the first {limit} images were read.'] if limit else ()),
        "# For SKU110KDataset(manifest='<this file>', skip_images=()).",
        '# Made by: python tools/dataset_converters/prepare_sku110k.py',
        f'# Left out: {len(skipped)}',
    ]
    return '\n'.join([*lines, *skipped, *names]) + '\n'


def _csv(rows: Iterable[tuple]) -> str:
    text = io.StringIO(newline='')
    csv.writer(text, lineterminator='\n').writerows(rows)
    return text.getvalue()
