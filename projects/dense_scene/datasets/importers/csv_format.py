"""Tables with a row per box, in both directions."""

import csv
import io
from pathlib import Path

import numpy as np
import pandas as pd

from ...utils.files import write_text
from ...utils.texts import open_text
from .annotation_set import AnnotationSet
from .csv_columns import (
    ALIASES,
    CORNERS,
    LONGEST,
    XYWH,
    find_layout,
    find_places,
    find_separator,
)
from .found_boxes import MAX_SIDE, FoundBoxes


def read_csv(source: Path) -> FoundBoxes:
    """Read a table with a header, or with one of three known layouts.

    Columns may come in any order: image, x1, y1, x2, y2 and, optionally,
    class (one class, 'object', without), image_width, image_height and
    ignored (0 or 1), under these or some other usual names; x, y, w, h or
    'bbox', such as '[1, 2, 3, 4]', may take the place of the corners. Columns
    are separated by commas, semicolons or tabs. Without a header they are
    those of SKU-110K, of makesense.ai (class, x, y, w, h, image, image_width,
    image_height) or of keras-retinanet (image, x1, y1, x2, y2, class). A row
    with empty corners is an image without boxes. The rows of an image need
    not lie together. Classes are those that occur, by alphabet.
    """
    table = _read_table(source)
    boxes = np.stack([_numbers(table, name) for name in CORNERS], axis=1)
    blank = np.isnan(boxes)
    if 'x' in table.attrs['given']:
        boxes[:, 2:] += boxes[:, :2]
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
        where=lambda box: f'{source}, row {rows[box]}',
        names=list(names),
        where_image=lambda index: f'{source}, row {table.index[first[index]]}',
        sizes=sizes[first],
        image_of_box=image[is_box],
        boxes=boxes[is_box],
        labels=labels,
        ignored=_integers(table, 'ignored', 1)[is_box],
        classes=list(classes),
        notes=table.attrs['notes'],
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
        separator = find_separator(file.readline(LONGEST))
        file.seek(0)
        try:
            table = pd.read_csv(
                file,
                header=None,
                sep=separator,
                dtype=object,
                na_filter=False,
                skipinitialspace=True,
                skip_blank_lines=False,
            )
        except (pd.errors.EmptyDataError, pd.errors.ParserError) as error:
            wanted = f'{source} must be CSV with a row per box'
            why = ' '.join(str(error).split())
            raise ValueError(f'{wanted}, but fails: {why}.') from None
    table.index += 1
    first = [str(cell).strip() for cell in table.iloc[0]]
    places, notes = find_places(first, source)
    if 'bbox' in places:
        table, places = _split_boxes(table, places)
    if not find_layout(first):
        table = table.iloc[1:]
    table = table[(table != '').any(axis=1)]
    given = list(places)
    # Corners and sides are read alike; what they are is kept beside.
    names = [dict(zip(XYWH, CORNERS)).get(name, name) for name in given]
    table = table[list(places.values())].set_axis(names, axis=1)
    table.attrs.update(
        dict(source=source, given=given, notes=notes, separator=separator)
    )
    label = table['label'].str.strip() if 'label' in table else 'object'
    return table.assign(label=label)


def _split_boxes(
    table: pd.DataFrame, places: dict[str, int]
) -> tuple[pd.DataFrame, dict[str, int]]:
    """A column such as '[1, 2, 3, 4]' as four: x, y, w, h."""
    texts = table[places['bbox']].str.strip('[]() ')
    parts = texts.str.split(r'[,\s]+', n=4, expand=True, regex=True)
    parts = parts.reindex(columns=range(4)).fillna('')
    start = table.shape[1]
    parts.columns = range(start, start + 4)
    new = {name: start + i for i, name in enumerate(XYWH)}
    kept = {f: p for f, p in places.items() if f != 'bbox'}
    return pd.concat([table, parts], axis=1), {**kept, **new}


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
    if table.attrs['separator'] == ';':  # where 1.5 is often 1,5
        texts = np.array([text.replace(',', '.') for text in texts], object)
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
