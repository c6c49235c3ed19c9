"""Tables with a row per box, in both directions."""

import csv
import io
from pathlib import Path

import numpy as np
import pandas as pd

from ...utils.files import write_text
from ...utils.texts import open_text
from ..sku110k.reader import COLUMNS as SKU_COLUMNS
from .annotation_set import AnnotationSet
from .found_boxes import MAX_SIDE, FoundBoxes

# What a column may be called; the first name is the one that is written.
ALIASES = dict(
    image=('image', 'image_name', 'image_path', 'filename', 'file_name'),
    x1=('x1', 'xmin', 'x_min', 'left'),
    y1=('y1', 'ymin', 'y_min', 'top'),
    x2=('x2', 'xmax', 'x_max', 'right'),
    y2=('y2', 'ymax', 'y_max', 'bottom'),
    label=('class', 'label', 'category', 'class_name'),
    width=('image_width', 'width'),
    height=('image_height', 'height'),
    ignored=('ignored', 'ignore', 'iscrowd', 'difficult'),
)
_CORNERS = ['x1', 'y1', 'x2', 'y2']


def has_header(source: Path) -> bool:
    """Whether the first row of a table names its columns."""
    with open_text(source) as file:
        first = file.readline()
    names = {name.strip().strip('"').lower() for name in first.split(',')}
    return not names.isdisjoint(ALIASES['x1'])


def read_csv(source: Path) -> FoundBoxes:
    """Read a table with a header, or one laid out like SKU-110K's.

    Columns may come in any order: image, x1, y1, x2, y2 and, optionally,
    class (one class, 'object', without), image_width, image_height and
    ignored (0 or 1), under these or some other usual names. Without a header
    the columns are those of SKU-110K. A row with empty corners is an image
    without boxes. The rows of an image need not lie together. Classes are
    those that occur, by alphabet.
    """
    table = _read_table(source)
    boxes = np.stack([_numbers(table, name) for name in _CORNERS], axis=1)
    blank = np.isnan(boxes)
    is_box = ~blank.any(axis=1)
    image, names = pd.factorize(table['image'])
    sides = [_integers(table, side, MAX_SIDE) for side in ('height', 'width')]
    sizes = np.stack(sides, axis=1)
    first = np.unique(image, return_index=True)[1]
    half, named = ~is_box & ~blank.all(axis=1), table['label'] != ''
    same = (sizes == sizes[first][image]).all(axis=1)
    _require(table, table['image'] != '', 'must name an image')
    _require(table, ~half, 'must have four corners, or none')
    _require(table, named | ~is_box, 'must have a class')
    _require(table, same, "must give the size of its image's first row")
    # Where there is no box the class is nobody's.
    labels, classes = pd.factorize(table['label'][is_box], sort=True)
    rows = table.index[is_box]
    return FoundBoxes(
        lambda box: f'{source}, row {rows[box]}',
        list(names),
        sizes[first],
        image[is_box],
        boxes[is_box],
        labels,
        _integers(table, 'ignored', 1)[is_box],
        list(classes),
    )


def write_csv(annotations: AnnotationSet, target: Path, digits: int) -> None:
    """Write a table with a header; images without boxes get a row as well."""
    text = io.StringIO(newline='')
    writer = csv.writer(text, lineterminator='\n')
    writer.writerow(names[0] for names in ALIASES.values())
    columns, boxes = annotations.columns, annotations.rounded(digits)
    for index, name in enumerate(annotations.names):
        part, (height, width) = columns.rows(index), columns.sizes[index]
        for box, label, ignored in zip(
            boxes[part].tolist(),
            columns.labels[part].tolist(),
            columns.ignored[part].tolist(),
        ):
            corners = (f'{side:.15g}' for side in box)
            row = name, *corners, annotations.classes[label], width, height
            writer.writerow((*row, int(ignored)))
        if not columns.counts[index]:
            writer.writerow((name, '', '', '', '', '', width, height, ''))
    write_text(target, [text.getvalue()])


def _read_table(source: Path) -> pd.DataFrame:
    """Text by field; the index counts the rows of the file from 1."""
    with open_text(source) as file:
        try:
            table = pd.read_csv(
                file,
                header=None,
                dtype=object,
                na_filter=False,
                skipinitialspace=True,
                skip_blank_lines=False,
            )
        except (pd.errors.EmptyDataError, pd.errors.ParserError) as error:
            wanted = f'{source} must be CSV with a row per box'
            raise ValueError(f'{wanted}, but fails: {error}.') from error
    first = [name.strip().lower() for name in table.iloc[0]]
    table.index += 1
    # The first of the usual names that is there.
    places = {
        field: first.index(next(name for name in aliases if name in first))
        for field, aliases in ALIASES.items()
        if not set(aliases).isdisjoint(first)
    }
    missing = [name for name in ('image', *_CORNERS) if name not in places]
    if not missing:
        table = table.iloc[1:]
    elif len(first) == len(SKU_COLUMNS) and set(_CORNERS) <= set(missing):
        order = ('image', *_CORNERS, 'label', 'width', 'height')
        places = {field: place for place, field in enumerate(order)}
    else:
        raise ValueError(
            f'{source} must have a header with image, x1, y1, x2 and y2, or '
            f'the {len(SKU_COLUMNS)} columns of SKU-110K, but '
            f'{", ".join(missing)} is missing from {str(first)[:120]}.'
        )
    table = table[(table != '').any(axis=1)]
    table = table[list(places.values())].set_axis(list(places), axis=1)
    table.attrs['source'] = source
    label = table['label'].str.strip() if 'label' in table else 'object'
    return table.assign(label=label)


def _require(
    table: pd.DataFrame, good: np.ndarray, words: str, field: str = ''
) -> None:
    """Refuse the first row that is not good, with its text in this field."""
    bad = np.flatnonzero(~np.asarray(good))
    if len(bad):
        place = f'{table.attrs["source"]}, row {table.index[bad[0]]}'
        if field:
            text = table[field].iloc[bad[0]]
            words = f'must have {words} as {field}, but has {text[:40]!r}'
        raise ValueError(f'{place} {words}.')


def _numbers(table: pd.DataFrame, field: str) -> np.ndarray:
    """The values, NaN where the field is empty."""
    texts = table[field].to_numpy()
    filled = texts != ''
    values = np.full(len(texts), np.nan)
    try:
        values[filled] = texts[filled].astype(float)
    except ValueError:
        values[filled] = pd.to_numeric(texts[filled], errors='coerce')
    _require(table, np.isfinite(values) | ~filled, 'a number', field)
    return values


def _integers(table: pd.DataFrame, field: str, most: int) -> np.ndarray:
    """Integers, 0 where the field or the column is empty."""
    if field not in table:
        return np.zeros(len(table), np.int32)
    values = np.nan_to_num(_numbers(table, field))
    good = (values >= 0) & (values <= most) & (values == np.trunc(values))
    _require(table, good, f'an integer from 0 to {most}', field)
    return values.astype(np.int32)
