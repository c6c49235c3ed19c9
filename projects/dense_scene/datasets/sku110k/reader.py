"""The CSV files of SKU-110K, read into columns."""

import csv
import logging
import os
import warnings
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import numpy as np
import pandas as pd
from mmengine.logging import print_log

from ...utils.boxes import MAX_COORDINATE, MIN_SIDE, clip_boxes
from ...utils.file_names import is_image_name, name_fault
from ...utils.texts import open_text
from ..annotation_columns import AnnotationColumns
from ..checks.left_out import describe_left_out, leave_out
from ..importers.csv_columns import has_header

_CORNERS, _SIZES = ['x1', 'y1', 'x2', 'y2'], ['image_width', 'image_height']
CLASSES = ('object',)
COLUMNS = ('image_name', *_CORNERS, 'class', *_SIZES)
_MAX_SIDE = 2**24 - 1  # float32 holds every integer up to it exactly
_TYPES = {
    # Names are repeated 150 times: a category keeps each once.
    **dict.fromkeys(('image_name', 'class'), 'category'),
    **dict.fromkeys((*_CORNERS, *_SIZES), np.float32),
}


def read_sku110k_csv(path: str) -> AnnotationColumns:
    """Read one annotation file of SKU-110K as its authors publish it.

    ``image_name, x1, y1, x2, y2, class, image_width, image_height``; a header
    row with these names, or with the usual ones of other tables, is skipped.
    The rows of an image need not lie together. All classes
    are taken for one, with a warning if the column holds several. Boxes are
    returned as they are written.

    Images are in the order of their first row, which is also their
    ``image_ids`` (from 0). An error names file, row (the line, from 1) and
    column.
    """
    header = int(has_header(Path(path)))
    table = _read_table(path, header)
    kinds = list(table['class'].cat.categories)
    if len(kinds) > 1:
        print_log(
            f'{os.path.basename(path)}: {len(kinds)} classes, {kinds[0]!r} '
            f'and {kinds[1]!r} among them, are taken for one, {CLASSES[0]!r}. '
            'To keep them convert the file (dense-scene convert --from sku '
            '--to coco).',
            'current',
            logging.WARNING,
        )
    image_of_row, names = pd.factorize(table['image_name'])
    first = np.flatnonzero(~table['image_name'].duplicated())
    sizes = table[_SIZES].to_numpy()
    differs = (sizes != sizes[first[image_of_row]]).any(axis=1)
    if differs.any():
        row = int(np.argmax(differs))
        before = first[image_of_row[row]]
        told, given = ('{:g}x{:g}'.format(*sizes[r]) for r in (before, row))
        wanted = f'{names[image_of_row[row]]!r} the size of row '
        wanted += f'{before + header + 1}'
        fault = f'must give {wanted}, {told}, but has {given}'
        raise ValueError(f'{path}, row {row + header + 1} {fault}.')
    return AnnotationColumns.from_rows(
        [os.fsencode(name) for name in names],
        range(len(names)),
        sizes[first, ::-1].astype(np.int32),
        image_of_row,
        np.ascontiguousarray(table[_CORNERS]),
        np.zeros(len(table), np.int32),
        np.zeros(len(table), bool),
    )


def repair_boxes(columns: AnnotationColumns) -> tuple[AnnotationColumns, str]:
    """Boxes clipped to their image, without those under a pixel; a report."""
    # In float32, which holds every size, there is no copy in float64.
    sizes = columns.sizes[:, ::-1].astype(np.float32)
    boxes, fits = clip_boxes(
        columns.boxes, np.repeat(sizes, columns.counts, axis=0)
    )
    side = columns.boxes[:, 2:] - columns.boxes[:, :2]
    keep, left_out = leave_out(
        {
            'inverted': (side < 0).any(axis=1),
            'thinner than a pixel': (side < MIN_SIDE).any(axis=1),
            'outside of their image': ~fits,
        }
    )
    clipped = keep & (boxes != columns.boxes).any(axis=1)
    columns = replace(columns, boxes=boxes).keep_boxes(keep)
    return columns, (
        f'{len(columns)} images with {len(columns.boxes)} boxes; '
        f'clipped {clipped.sum()} boxes to their image, '
        f'{describe_left_out(left_out)}'
    )


def _read_table(path: str, header: int) -> pd.DataFrame:
    try:
        with (
            open_text(path) as file,
            warnings.catch_warnings(),
            np.errstate(over='ignore'),
        ):
            # pandas only warns where the first row is too long.
            warnings.simplefilter('error', pd.errors.ParserWarning)
            table = pd.read_csv(
                file,
                header=None,
                skiprows=header,
                names=COLUMNS,
                index_col=False,
                dtype=_TYPES,
                keep_default_na=False,  # an image may be called 'NA'
                na_values=[''],
                skip_blank_lines=False,
                quoting=csv.QUOTE_NONE,
            )
    except (ValueError, OverflowError, pd.errors.ParserWarning) as error:
        why = ' '.join(str(error).split())
        _refuse(path, header, f'cannot be parsed: {why}')
    corners, sizes = table[_CORNERS], table[_SIZES]
    is_size = (sizes >= 1) & (sizes <= _MAX_SIDE) & (sizes % 1 == 0)
    if not (
        len(table)
        and (np.abs(corners) <= MAX_COORDINATE).all(axis=None)
        and is_size.all(axis=None)
        and table['image_name'].notna().all()
        and not any(map(name_fault, table['image_name'].cat.categories))
    ):
        _refuse(path, header, 'is empty')
    images, classes = (
        list(table[name].cat.categories) for name in ('image_name', 'class')
    )
    if any(map(is_image_name, classes)) and not any(
        map(is_image_name, images)
    ):
        raise ValueError(
            f'{path} must have an image in column 1 and a class in column 6, '
            f'but has {images[0]!r} and {classes[0]!r}, as tables of '
            'makesense.ai have. Convert it (dense-scene convert --from csv).'
        )
    return table


def _refuse(path: str, header: int, fault: str) -> NoReturn:
    """Name the first cell that is wrong; ``fault`` if no single one is."""
    with open_text(path) as file:
        for row, line in enumerate(file, 1):
            if row > header:
                _check_row(line.rstrip('\n'), f'{path}, row {row}')
    raise ValueError(f'{path} must hold one row per box, but {fault}.')


def _check_row(line: str, where: str) -> None:
    cells = line.split(',')
    if len(cells) != len(COLUMNS):
        fault = f'columns, but has {len(cells)}: {line[:80]!r}'
        raise ValueError(f'{where} must have {len(COLUMNS)} {fault}.')
    for number, (column, cell) in enumerate(zip(COLUMNS, cells), 1):
        what, holds = 'a number', _is_number(cell)
        if column == 'image_name':
            what, holds = 'a file below the image folder', not name_fault(cell)
        elif column in _SIZES:
            what = f'an integer from 1 to {_MAX_SIDE}'
            holds = holds and 1 <= float(cell) <= _MAX_SIDE
            holds = holds and float(cell) % 1 == 0
        if not holds and column != 'class':
            fault = f'must be {what}, but is {cell[:80]!r}.'
            raise ValueError(f'{where}, column {number} ({column}) {fault}')


def _is_number(cell: str) -> bool:
    try:
        return abs(float(cell)) <= MAX_COORDINATE
    except ValueError:
        return False
