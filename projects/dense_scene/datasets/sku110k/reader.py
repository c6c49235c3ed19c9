"""The CSV files of SKU-110K, read into columns."""

import codecs
from collections.abc import Iterator

import numpy as np

from ..annotation_columns import AnnotationColumns
from ..number_parsing import parse_numbers

COLUMNS = (
    'image_name',
    'x1',
    'y1',
    'x2',
    'y2',
    'class',
    'image_width',
    'image_height',
)
_NUMBERS = (1, 2, 3, 4, 6, 7)
_MAX_NAME = 1024
_MAX_SIDE = 2**24  # what float32 holds exactly
_COMMA, _NEWLINE = b',\n'
# Large enough that numpy's calls are not what costs, small enough that the
# temporary arrays stay in the tens of megabytes.
_CHUNK_BYTES = 2**20


def read_sku110k_csv(
    path: str, chunk_bytes: int = _CHUNK_BYTES
) -> AnnotationColumns:
    """Read one annotation file of SKU-110K as its authors publish it.

    No header row; ``image_name, x1, y1, x2, y2, class, image_width,
    image_height``. The rows of an image need not lie together. The class is
    not read: the data set has one. Boxes are returned as they are written.

    Args:
        path (str): The file.
        chunk_bytes (int): How much is parsed at a time.

    Returns:
        AnnotationColumns: Images in the order of their first row, which is
        also their ``image_ids`` (from 0).

    Raises:
        ValueError: If a row has not 8 columns, text where a number belongs,
            or another image size than the first row of that image. The
            message names file, row (from 1) and column.
    """
    images: dict[bytes, int] = {}
    image_of_row, numbers, row = [], [], 0
    for chunk in _read_lines(path, chunk_bytes):
        text = np.frombuffer(chunk, np.uint8)
        starts, ends = _split(chunk, text, path, row)
        image_of_row.append(
            _number_names(text, starts[:, 0], ends[:, 0], images, path, row)
        )
        numbers.append(_parse(text, starts, ends, path, row))
        row += len(starts)
    if not row:
        raise ValueError(
            f'{path} must hold one row per box, but it is empty. '
            'Copy it from the SKU-110K archive again.'
        )
    image_of_row = np.concatenate(image_of_row)
    numbers = np.concatenate(numbers)
    return AnnotationColumns.from_rows(
        list(images),
        range(len(images)),
        _image_sizes(numbers[:, 4:], image_of_row, list(images), path),
        image_of_row,
        numbers[:, :4],
        np.zeros(row, np.int32),
        np.zeros(row, bool),
    )


def _read_lines(path: str, chunk_bytes: int) -> Iterator[bytes]:
    """Pieces of the file that end with a newline."""
    with open(path, 'rb') as file:
        # A byte order mark would become part of the first name.
        rest = file.read(len(codecs.BOM_UTF8)).removeprefix(codecs.BOM_UTF8)
        while block := file.read(chunk_bytes):
            lines, newline, rest = (rest + block).rpartition(b'\n')
            if newline:
                # float() would accept the '\r' too, but one by one.
                yield (lines + newline).replace(b'\r\n', b'\n')
    if rest:
        yield rest + b'\n'


def _split(
    chunk: bytes, text: np.ndarray, path: str, row: int
) -> tuple[np.ndarray, np.ndarray]:
    """Start and end of every field, both (rows, 8)."""
    ends = np.flatnonzero((text == _COMMA) | (text == _NEWLINE))
    width = len(COLUMNS)
    if len(ends) % width or not np.array_equal(
        np.flatnonzero(text[ends] == _NEWLINE),
        np.arange(width - 1, len(ends), width),
    ):
        for number, line in enumerate(chunk.splitlines(), row + 1):
            found = line.count(b',') + 1
            if found != width:
                raise ValueError(
                    f'{path}, row {number} must have {width} columns '
                    f'({", ".join(COLUMNS)}), but has {found}: '
                    f'{_show(line)}. Correct or delete this row.'
                )
        raise ValueError(
            f'{path} must end its rows with a line feed, but {_show(chunk)} '
            'does not. Save it with the line ends of Unix or Windows.'
        )
    starts = np.concatenate(([0], ends[:-1] + 1))
    return starts.reshape(-1, width), ends.reshape(-1, width)


def _number_names(
    text: np.ndarray,
    starts: np.ndarray,
    ends: np.ndarray,
    images: dict[bytes, int],
    path: str,
    row: int,
) -> np.ndarray:
    """The image number of every row; new names are added to ``images``."""
    lengths = ends - starts
    longest = int(lengths.max())
    if longest > _MAX_NAME or not lengths.all():
        bad = int(np.argmax((lengths > _MAX_NAME) | (lengths == 0)))
        raise ValueError(
            f'{path}, row {row + bad + 1}: image_name must have 1 to '
            f'{_MAX_NAME} characters, but has {lengths[bad]}. Correct or '
            'delete this row.'
        )
    place = np.arange(longest)
    letters = text[np.minimum(starts[:, None] + place, len(text) - 1)]
    letters[place >= lengths[:, None]] = 0
    names = letters.view(f'S{longest}').ravel()
    # Rows of an image mostly follow one another: one look-up per run.
    first = np.flatnonzero(np.append(True, names[1:] != names[:-1]))
    known = len(images)
    numbers = [
        images.setdefault(name, len(images)) for name in names[first].tolist()
    ]
    for name in list(images)[known:]:
        if b'\0' in name or name[:1] == b'/' or b'..' in name.split(b'/'):
            bad = int(np.argmax(names == name))
            raise ValueError(
                f'{path}, row {row + bad + 1}: image_name must be a file below'
                f' the image folder, but is {_show(name)}. Correct or delete '
                'this row.'
            )
    return np.repeat(
        np.array(numbers, np.int32), np.diff(np.append(first, len(names)))
    )


def _parse(
    text: np.ndarray, starts: np.ndarray, ends: np.ndarray, path: str, row: int
) -> np.ndarray:
    """The numeric fields, (rows, 6) float32: x1, y1, x2, y2, w, h."""
    result = np.empty((len(starts), len(_NUMBERS)), np.float32)
    for target, column in enumerate(_NUMBERS):
        values, valid = parse_numbers(text, starts[:, column], ends[:, column])
        for bad in np.flatnonzero(~valid):
            field = text[starts[bad, column] : ends[bad, column]].tobytes()
            values[bad] = _to_float(field)
        is_size = column >= 6
        with np.errstate(over='ignore'):
            result[:, target] = values
        wrong = ~np.isfinite(result[:, target])
        if is_size:
            whole = (values >= 1) & (values == np.trunc(values))
            wrong |= ~(whole & (values <= _MAX_SIDE))
        if wrong.any():
            bad = int(np.argmax(wrong))
            field = text[starts[bad, column] : ends[bad, column]].tobytes()
            what = (
                f'whole number from 1 to {_MAX_SIDE}' if is_size else 'number'
            )
            hint = (
                'The file must have no header row: delete it.'
                if row + bad == 0
                else 'Correct or delete this row.'
            )
            raise ValueError(
                f'{path}, row {row + bad + 1}, column {column + 1} '
                f'({COLUMNS[column]}) must be a '
                f'{what}, but is {_show(field)}. {hint}'
            )
    return result


def _to_float(field: bytes) -> float:
    try:
        return float(field)
    except ValueError:
        return float('nan')


def _image_sizes(
    sizes_of_rows: np.ndarray,
    image_of_row: np.ndarray,
    names: list[bytes],
    path: str,
) -> np.ndarray:
    """Height and width of each image, which all its rows must agree on."""
    _, first = np.unique(image_of_row, return_index=True)
    sizes = sizes_of_rows[first]
    differs = (sizes_of_rows != sizes[image_of_row]).any(axis=1)
    if differs.any():
        row = int(np.argmax(differs))
        image = image_of_row[row]
        given, before = (
            'x'.join(f'{side:g}' for side in pair)
            for pair in (sizes_of_rows[row], sizes[image])
        )
        raise ValueError(
            f'{path}, row {row + 1} gives {_show(names[image])} the size '
            f'{given}, but row {first[image] + 1} says {before}. Correct the '
            'wrong one.'
        )
    return sizes[:, ::-1].astype(np.int32)


def _show(text: bytes) -> str:
    """A piece of the file for a message: readable and on one line."""
    return repr(text.decode(errors='replace')[:80])
