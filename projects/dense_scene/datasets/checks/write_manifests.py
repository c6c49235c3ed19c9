"""The results of a check as files that data sets and people can read."""

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from ...utils.files import write_bytes
from .check import SKU110KCheck, SplitCheck

IMAGE_COLUMNS = (
    'split',
    'image',
    'width',
    'height',
    'bytes',
    'sha256',
    'boxes',
    'usable_boxes',
    'left_out_because',
)
FAULT_COLUMNS = ('kind', 'split', 'image', 'detail')


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
    folder.mkdir(parents=True, exist_ok=True)
    rows = [row for part in check.splits for row in _image_rows(part)]
    paths = [
        _write_csv(folder / 'images.csv', IMAGE_COLUMNS, rows),
        _write_csv(folder / 'faults.csv', FAULT_COLUMNS, check.faults),
    ]
    for part in check.splits:
        path = folder / f'usable_{part.split}.txt'
        if all(part.reasons):
            path.unlink(missing_ok=True)
            continue
        write_bytes(path, _manifest(part, check.limit))
        paths.append(path)
    return paths


def _image_rows(part: SplitCheck) -> Iterable[tuple]:
    """Size and digest are those of the file, empty where unknown."""
    usable = part.columns.keep_boxes(part.boxes.usable).counts
    for record, boxes, left, reason in zip(
        part.records, part.columns.counts, usable, part.reasons
    ):
        yield (
            part.split,
            record.name,
            record.width or '',
            record.height or '',
            record.bytes,
            record.sha256,
            boxes,
            left,
            reason,
        )


def _manifest(part: SplitCheck, limit: int | None) -> bytes:
    skipped = [
        f'{record.name} {reason}'
        for record, reason in zip(part.records, part.reasons)
        if reason
    ]
    names = [
        record.name
        for record, reason in zip(part.records, part.reasons)
        if not reason
    ]
    boxes = len(part.usable().boxes)
    some = f'\n# Only the first {limit} images were read.' if limit else ''
    head = (
        f'# SKU-110K, {part.split}: {len(names)} usable images with '
        f'{boxes} usable boxes.{some}\n'
        "# For SKU110KDataset(manifest='<this file>', skip_images=()).\n"
        '# Made by: python tools/dataset_converters/prepare_sku110k.py\n'
        f'# Left out: {len(skipped)}\n'
    )
    lines = [*(f'#   {line}' for line in skipped), *names]
    # Names that are not UTF-8 keep their bytes.
    return (head + '\n'.join(lines) + '\n').encode(errors='surrogateescape')


def _write_csv(
    path: Path, header: Iterable[str], rows: Iterable[tuple]
) -> Path:
    text = io.StringIO(newline='')
    writer = csv.writer(text, lineterminator='\n')
    writer.writerow(header)
    writer.writerows(rows)
    write_bytes(path, text.getvalue().encode(errors='surrogateescape'))
    return path
