"""The CSV files of SKU-110K, read into columns."""

import csv
import os
import warnings
from dataclasses import replace
from typing import NoReturn

import numpy as np
import pandas as pd

from ...utils.boxes import clip_boxes
from ..annotation_columns import AnnotationColumns

_CORNERS, _SIZES = ['x1', 'y1', 'x2', 'y2'], ['image_width', 'image_height']
CLASSES = ('object',)
COLUMNS = ('image_name', *_CORNERS, 'class', *_SIZES)
_MAX_SIDE = 2**24 - 1  # float32 holds every integer up to it exactly
_LARGEST = float(np.finfo(np.float32).max)
_TYPES = {
    # Names are repeated 150 times: a category keeps each once.
    **dict.fromkeys(('image_name', 'class'), 'category'),
    **dict.fromkeys((*_CORNERS, *_SIZES), np.float32),
}


def read_sku110k_csv(path: str) -> AnnotationColumns:
    """Read one annotation file of SKU-110K as its authors publish it.

    No header row; ``image_name, x1, y1, x2, y2, class, image_width,
    image_height``. The rows of an image need not lie together. The class is
    not read: the data set has one. Boxes are returned as they are written.

    Images are in the order of their first row, which is also their
    ``image_ids`` (from 0). An error names file, row (the line, from 1) and
    column.
    """
    table = _read_table(path)
    image_of_row, names = pd.factorize(table['image_name'])
    first = np.flatnonzero(~table['image_name'].duplicated())
    sizes = table[_SIZES].to_numpy()
    differs = (sizes != sizes[first[image_of_row]]).any(axis=1)
    if differs.any():
        row = int(np.argmax(differs))
        before = first[image_of_row[row]]
        told, given = ('{:g}x{:g}'.format(*sizes[r]) for r in (before, row))
        wanted = f'{names[image_of_row[row]]!r} the size of row {before + 1}'
        fault = f'must give {wanted}, {told}, but has {given}'
        raise ValueError(f'{path}, row {row + 1} {fault}.')
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
    boxes, keep = clip_boxes(
        columns.boxes, np.repeat(sizes, columns.counts, axis=0)
    )
    clipped = keep & (boxes != columns.boxes).any(axis=1)
    columns = replace(columns, boxes=boxes).keep_boxes(keep)
    return columns, (
        f'{len(columns)} images with {len(columns.boxes)} boxes; '
        f'clipped {clipped.sum()} boxes to their image, dropped '
        f'{(~keep).sum()} that are outside of it or thinner than a pixel'
    )


def _read_table(path: str) -> pd.DataFrame:
    try:
        with warnings.catch_warnings(), np.errstate(over='ignore'):
            # pandas only warns where the first row is too long.
            warnings.simplefilter('error', pd.errors.ParserWarning)
            table = pd.read_csv(
                path,
                header=None,
                names=COLUMNS,
                index_col=False,
                dtype=_TYPES,
                keep_default_na=False,  # an image may be called 'NA'
                na_values=[''],
                skip_blank_lines=False,
                quoting=csv.QUOTE_NONE,
            )
    except (ValueError, pd.errors.ParserWarning) as error:
        _refuse(path, f'cannot be parsed: {error}')
    corners, sizes = table[_CORNERS], table[_SIZES]
    is_size = (sizes >= 1) & (sizes <= _MAX_SIDE) & (sizes % 1 == 0)
    if not (
        len(table)
        and np.isfinite(corners).all(axis=None)
        and is_size.all(axis=None)
        and table['image_name'].notna().all()
        and all(map(_is_below, table['image_name'].cat.categories))
    ):
        _refuse(path, 'is empty')
    return table


def _refuse(path: str, fault: str) -> NoReturn:
    """Name the first cell that is wrong; ``fault`` if no single one is."""
    with open(path, encoding='utf-8-sig', errors='replace') as file:
        for row, line in enumerate(file, 1):
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
            what, holds = 'a file below the image folder', _is_below(cell)
        elif column in _SIZES:
            what = f'an integer from 1 to {_MAX_SIDE}'
            holds = holds and 1 <= float(cell) <= _MAX_SIDE
            holds = holds and float(cell) % 1 == 0
        if not holds and column != 'class':
            is_header = not any(map(_is_number, cells))
            fault = f'must be {what}, but is {cell[:80]!r}.'
            fault += ' Delete the header row.' * is_header
            raise ValueError(f'{where}, column {number} ({column}) {fault}')


def _is_below(name: str) -> bool:
    """Whether an image can be a file below the image folder."""
    return bool(name) and not (
        '\0' in name or name[0] == '/' or '..' in name.split('/')
    )


def _is_number(cell: str) -> bool:
    try:
        return abs(float(cell)) <= _LARGEST
    except ValueError:
        return False
