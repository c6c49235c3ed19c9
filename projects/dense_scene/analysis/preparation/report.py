"""The check of a data set as one page of HTML."""

import base64
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

import numpy as np

from ...datasets.checks.check import SKU110KCheck
from ...datasets.checks.faults import FAULT_KINDS
from ...utils.files import write_bytes
from ...utils.object_counts import needed_cap, recall_bound
from .page import PAGE
from .plots import (
    SplitStatistics,
    plot_image_sizes,
    plot_neighbour_iou,
    plot_object_sizes,
    plot_objects_per_image,
)

# What the literature trains and tests on, after leaving out broken images:
# https://arxiv.org/abs/2007.11946
CLEANED_IMAGES = dict(train=8219, val=588, test=2936)
_EXAMPLES = 3


def write_preparation_report(check: SKU110KCheck, path: str | Path) -> Path:
    """Write a page that needs no other file: its pictures are inside.

    Tables of the splits and of the faults, with the first examples; panels
    of objects per image, image sizes, object sizes and neighbour IoU, over
    the images and boxes that can be used.

    Args:
        check (SKU110KCheck): What was found.
        path (str | Path): The HTML file; replaced at once.

    Returns:
        Path: ``path``.
    """
    path = Path(path)
    splits = [
        SplitStatistics.from_columns(part.split, part.usable())
        for part in check.splits
    ]
    scope = (
        f'Only the first {check.limit} images of each split were read.'
        if check.limit
        else ''
    )
    page = PAGE.substitute(
        root=escape(str(check.root)),
        scope=scope,
        state='bad' if check.faults else 'good',
        verdict=escape(_verdict(check)),
        splits=_split_table(check, splits),
        faults=_fault_table(check),
        panels=''.join(_panels(splits)),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, page.encode(errors='xmlcharrefreplace'))
    return path


def _verdict(check: SKU110KCheck) -> str:
    if not check.faults:
        return 'Nothing was found to be wrong.'
    kinds = len({fault.kind for fault in check.faults})
    images = sum(
        map(bool, (reason for part in check.splits for reason in part.reasons))
    )
    dropped = sum(int((~part.boxes.usable).sum()) for part in check.splits)
    clipped = sum(int(part.boxes.reaches_out.sum()) for part in check.splits)
    return (
        f'{len(check.faults):,} faults of {kinds} kinds. {images:,} '
        f'images are left out of the usable lists; on loading, '
        f'{dropped:,} boxes will be dropped and {clipped:,} clipped.'
    )


def _split_table(
    check: SKU110KCheck, splits: Sequence[SplitStatistics]
) -> str:
    head = (
        'split',
        'images in the CSV',
        'left out',
        'usable',
        'usable in the literature',
        'boxes',
        'usable boxes',
        'objects per image: mean',
        '99.5 %',
        'most',
    )
    rows = []
    for part, usable in zip(check.splits, splits):
        counts = usable.counts
        numbers = (
            len(part.columns),
            len(part.columns) - len(counts),
            len(counts),
            CLEANED_IMAGES[part.split],
            len(part.columns.boxes),
            int(counts.sum()),
        )
        mean = f'{counts.mean():.1f}' if len(counts) else '-'
        rows.append(
            (
                part.split,
                *(f'{number:,}' for number in numbers),
                mean,
                str(needed_cap(counts)),
                str(counts.max(initial=0)),
            )
        )
    return _table(head, rows)


def _fault_table(check: SKU110KCheck) -> str:
    names = [part.split for part in check.splits]
    head = ('what', 'what happens', *names, 'first examples')
    rows = []
    for kind, (title, consequence) in FAULT_KINDS.items():
        found = [fault for fault in check.faults if fault.kind == kind]
        if not found:
            continue
        counts = [
            sum(fault.split == name for fault in found) for name in names
        ]
        if not any(counts):  # files that belong to no split
            counts = [len(found), *[''] * (len(names) - 1)]
        examples = '; '.join(
            f'{fault.image}: {fault.detail}' for fault in found[:_EXAMPLES]
        )
        rows.append(
            (
                title,
                consequence,
                *(f'{count:,}' if count else '' for count in counts),
                examples,
            )
        )
    if not rows:
        return '<p>None.</p>'
    return _table(head, rows)


def _panels(splits: Sequence[SplitStatistics]) -> Iterable[str]:
    counts = np.concatenate([s.counts for s in splits])
    overlaps = np.concatenate([s.neighbour_iou for s in splits])
    sides = np.concatenate([s.sides for s in splits])
    yield _figure(
        'Objects per image',
        plot_objects_per_image(splits),
        f'{needed_cap(counts)} detections hold every object of 99.5 % of the '
        f'images. A cap of 100 allows a recall of '
        f'{_percent(recall_bound(counts, 100))}, one of 300 '
        f'{_percent(recall_bound(counts, 300))}.',
    )
    yield _figure(
        'Image sizes',
        plot_image_sizes(splits),
        'The area of a disc is the number of images; the four most frequent '
        'sizes are named.',
    )
    median = np.median(sides) if len(sides) else 0
    yield _figure(
        'Object sizes',
        plot_object_sizes(splits),
        f'In the full image; half of the objects are below {median:.0f} '
        'pixels. Dotted: where COCO calls objects medium and large.',
    )
    above = ', '.join(
        f'{_percent((overlaps > iou).sum() / max(1, len(overlaps)))} have '
        f'more than {iou}'
        for iou in (0.3, 0.5, 0.7)
    )
    yield _figure(
        'Neighbour IoU',
        plot_neighbour_iou(splits),
        f'Of the objects, {above}: NMS at that threshold would take a '
        'perfect detection away from one of each such pair.',
    )


def _percent(share: float) -> str:
    return f'{100 * share:.4g} %'


def _figure(title: str, png: bytes, text: str) -> str:
    data = base64.b64encode(png).decode()
    return (
        f'<figure><h3>{escape(title)}</h3>'
        f'<img alt="{escape(title)}" src="data:image/png;base64,{data}">'
        f'<figcaption>{escape(text)}</figcaption></figure>\n'
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    # Headings stand over their numbers.
    lines = [
        '<tr>'
        + ''.join(
            f'<th{_alignment(below)}>{escape(cell)}</th>'
            for cell, below in zip(head, rows[0])
        )
        + '</tr>'
    ]
    for row in rows:
        cells = ''.join(
            f'<td{_alignment(cell)}>{escape(cell)}</td>' for cell in row
        )
        lines.append(f'<tr>{cells}</tr>')
    return '<table>\n' + '\n'.join(lines) + '\n</table>'


def _alignment(cell: str) -> str:
    number = cell.replace(',', '').replace('.', '')
    return ' class="number"' if number.isdigit() else ''
