"""The check of a data set as one page of HTML."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ...datasets.checks.check import SKU110KCheck
from ...datasets.checks.faults import FAULT_KINDS
from ...utils.object_counts import needed_cap, recall_bound
from ...visualization.page import Section, write_page
from .plots import (
    SplitStatistics,
    plot_image_sizes,
    plot_neighbor_iou,
    plot_object_sizes,
    plot_objects_per_image,
)

# What the literature trains and tests on, after leaving out broken images:
# https://arxiv.org/abs/2007.11946
CLEANED_IMAGES = dict(train=8219, val=588, test=2936)
_EXAMPLES = 3
_SPLIT_HEAD = (
    *('split', 'images in the CSV', 'left out', 'usable'),
    *('usable in the literature', 'boxes', 'usable boxes'),
    *('objects per image: mean', '99.5 %', 'most'),
)
_MORE = (
    'All of them are in faults.csv, every image with its SHA-256 in '
    'images.csv. Nothing in the data set was changed.'
)
_USE = """\
dataset = dict(
    type='SKU110KDataset',
    manifest='.../usable_train.txt',  # beside this page
    skip_images=())"""


def write_preparation_report(check: SKU110KCheck, path: str | Path) -> Path:
    """Write tables of the splits and of the faults, and panels of the data.

    The faults have their first examples; the panels (objects per image,
    image sizes, object sizes, neighbor IoU) show the images and boxes that
    can be used. The path, which is returned, is replaced at once.
    """
    splits = [
        SplitStatistics.from_columns(part.split, part.usable())
        for part in check.splits
    ]
    faults = _fault_rows(check)
    head = 'what', 'what happens', *(s.name for s in splits), 'first examples'
    sections = (
        Section('Splits', _SPLIT_HEAD, _split_rows(check, splits)),
        Section('Faults', head, faults, _MORE if faults else 'None.'),
        Section('Usable images and boxes', figures=_panels(splits)),
        Section('Use it in a config', code=_USE),
    )
    judged = str(check.root), _verdict(check), not faults
    return write_page(path, 'SKU-110K: what was checked', sections, *judged)


def _verdict(check: SKU110KCheck) -> str:
    verdict, parts = 'Nothing was found to be wrong.', check.splits
    if check.faults:
        reasons = sum((part.reasons for part in parts), [])
        dropped = sum((~part.usable_boxes).sum() for part in parts)
        clipped = sum(part.boxes['box_reaches_out'].sum() for part in parts)
        verdict = (
            f'{len(check.faults):,} faults of {len(check.summary())} kinds. '
            f'{len(reasons) - reasons.count(""):,} images are left out of the '
            f'usable lists; on loading, {dropped:,} boxes will be dropped and '
            f'{clipped:,} clipped.'
        )
    if check.limit:
        verdict += f' Only the first {check.limit} images of each were read.'
    return verdict


def _split_rows(
    check: SKU110KCheck, splits: Sequence[SplitStatistics]
) -> list[list[str]]:
    rows = []
    for part, usable in zip(check.splits, splits):
        counts, images = usable.counts, len(part.columns)
        numbers = (
            *(images, images - len(counts), len(counts)),
            *(CLEANED_IMAGES[part.split], len(part.columns.boxes)),
            int(counts.sum()),
        )
        mean = f'{counts.mean():.1f}' if len(counts) else '-'
        most = str(needed_cap(counts)), str(counts.max(initial=0))
        rows.append([part.split, *(f'{n:,}' for n in numbers), mean, *most])
    return rows


def _fault_rows(check: SKU110KCheck) -> list[list[str]]:
    rows = []
    for kind, words in FAULT_KINDS.items():
        found = [fault for fault in check.faults if fault.kind == kind]
        of_split = Counter(fault.split for fault in found)
        counts = [of_split[part.split] for part in check.splits]
        if not any(counts):  # files that belong to no split
            counts[0] = len(found)
        cells = (f'{count:,}' if count else '' for count in counts)
        examples = (f'{f.image}: {f.detail}' for f in found[:_EXAMPLES])
        if found:
            rows.append([*words, *cells, '; '.join(examples)])
    return rows


def _panels(splits: Sequence[SplitStatistics]) -> list[tuple]:
    counts = np.concatenate([s.counts for s in splits])
    overlaps = np.concatenate([s.neighbor_iou for s in splits])
    sides = np.concatenate([s.sides for s in splits])
    median = np.median(sides) if len(sides) else 0
    count = max(1, len(overlaps))
    above = ', '.join(
        f'{_percent((overlaps > iou).sum() / count)} have more than {iou}'
        for iou in (0.3, 0.5, 0.7)
    )
    return [
        (
            'Objects per image',
            plot_objects_per_image(splits),
            f'{needed_cap(counts)} detections hold every object of 99.5 % of '
            'the images. A cap of 100 allows a recall of '
            f'{_percent(recall_bound(counts, 100))}, one of 300 '
            f'{_percent(recall_bound(counts, 300))}.',
        ),
        (
            'Image sizes',
            plot_image_sizes(splits),
            'The area of a disc is the number of images; the four most '
            'frequent sizes are named.',
        ),
        (
            'Object sizes',
            plot_object_sizes(splits),
            f'In the full image; half of the objects are below {median:.0f} '
            'pixels. Dotted: where COCO calls objects medium and large.',
        ),
        (
            'Neighbor IoU',
            plot_neighbor_iou(splits),
            f'Of the objects, {above}: NMS at that threshold would take a '
            'perfect detection away from one of each such pair.',
        ),
    ]


def _percent(share: float) -> str:
    return f'{100 * share:.4g} %'
