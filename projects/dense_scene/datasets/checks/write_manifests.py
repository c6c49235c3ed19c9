"""The results of a check as files that data sets and people can read."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from ...utils.files import write_text
from ..sku110k.manifest import manifest_line
from .check import SKU110KCheck, SplitCheck
from .faults import Fault


def write_manifests(check: SKU110KCheck, folder: str | Path) -> list[Path]:
    """Write what was found; the same check gives the same bytes.

    - ``images.csv``: every image with size, SHA-256 and, where it is left
      out, the reason.
    - ``faults.csv``: every fault.
    - ``usable_{split}.txt``: the images that are not left out, for
      ``SKU110KDataset(manifest=...)``; those that are, as comments. A split
      without a usable image has none; an older one is removed.
    """
    folder = Path(folder)
    images = [row for part in check.splits for row in _image_rows(part)]
    tables = {
        'images.csv': pd.DataFrame(images, dtype=object),
        'faults.csv': pd.DataFrame(check.faults, columns=Fault._fields),
    }
    texts = {
        name: table.to_csv(index=False, lineterminator='\n')
        for name, table in tables.items()
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


def _image_rows(part: SplitCheck) -> Iterator[dict]:
    """Size and digest are those of the file, empty where unknown."""
    usable = part.columns.keep_boxes(part.usable_boxes).counts
    for index, record in enumerate(part.records):
        yield dict(
            split=part.split,
            image=record.name,
            width=record.width or '',
            height=record.height or '',
            bytes=record.bytes,
            sha256=record.sha256,
            boxes=part.columns.counts[index],
            usable_boxes=usable[index],
            left_out_because=part.reasons[index],
        )


def _manifest(part: SplitCheck, limit: int | None) -> str:
    names = [record.name for record in part.records]
    skipped = [
        f'#   {manifest_line(name)} {reason}'
        for name, reason in zip(names, part.reasons)
        if reason
    ]
    names = [
        manifest_line(name)
        for name, reason in zip(names, part.reasons)
        if not reason
    ]
    lines = [
        f'# SKU-110K, {part.split}: {len(names)} usable images with '
        f'{len(part.usable().boxes)} usable boxes.',
        *([f'# Only the first {limit} images were read.'] if limit else ()),
        "# For SKU110KDataset(manifest='<this file>', skip_images=()).",
        '# Made by: python tools/dataset_converters/prepare_sku110k.py',
        f'# Left out: {len(skipped)}',
    ]
    return '\n'.join([*lines, *skipped, *names]) + '\n'
