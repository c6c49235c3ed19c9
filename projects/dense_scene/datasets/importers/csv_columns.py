"""What the columns of a table are, by their names or their contents."""

import re
from collections.abc import Sequence
from pathlib import Path

from ...utils.file_names import is_image_name
from ...utils.texts import open_text

# What a column may be called; the first name is the one that is written.
ALIASES = dict(
    image=(
        'image',
        'image_name',
        'image_path',
        'filename',
        'file_name',
        'image_id',
        'location',
        'path',
        'img',
    ),
    x1=('x1', 'xmin', 'x_min', 'left'),
    y1=('y1', 'ymin', 'y_min', 'top'),
    x2=('x2', 'xmax', 'x_max', 'right'),
    y2=('y2', 'ymax', 'y_max', 'bottom'),
    label=('class', 'label', 'category', 'class_name', 'label_name'),
    width=('image_width', 'width'),
    height=('image_height', 'height'),
    ignored=('ignored', 'ignore', 'iscrowd', 'difficult'),
)
# Corner and sides in place of corners; only read.
XYWH = dict(
    x=('bbox_x', 'box_x', 'x'),
    y=('bbox_y', 'box_y', 'y'),
    w=('bbox_width', 'box_width', 'bbox_w', 'w'),
    h=('bbox_height', 'box_height', 'bbox_h', 'h'),
)
CORNERS = ['x1', 'y1', 'x2', 'y2']
_NUMBERS = frozenset((*CORNERS, *XYWH, 'width', 'height'))
_SCORES = ('score', 'confidence', 'conf', 'probability')
LONGEST = 65536  # letters of a first row
# Tables without a header, by the number of columns.
_SKU = ('image', *CORNERS, 'label', 'width', 'height')
_MAKESENSE = ('label', *XYWH, 'image', 'width', 'height')
_RETINANET = ('image', *CORNERS, 'label')


def looks_like_sku(source: Path) -> bool:
    """Whether the first row of a table is one of SKU-110K's."""
    with open_text(source) as file:
        first = file.readline(LONGEST).split(',')
    return find_layout([cell.strip() for cell in first]) == _SKU


def has_header(source: Path) -> bool:
    """Whether a table laid out like SKU-110K's begins with names."""
    with open_text(source) as file:
        first = file.readline(LONGEST).split(',')
    if len(first) != len(_SKU):
        return False
    cells = zip(_SKU, map(plain_name, first))
    return all(cell in _plain(ALIASES[field]) for field, cell in cells)


def plain_name(name: str) -> str:
    """A name of a column without case and separators."""
    return re.sub(r'[\W_]', '', name).lower()


def find_separator(line: str) -> str:
    """Of a first row; a comma where nothing else is clear."""
    few = line.count(',') < len(CORNERS)
    other = max(';\t', key=line.count)
    return other if few and line.count(other) >= len(CORNERS) else ','


def find_layout(first: Sequence[str]) -> tuple[str, ...]:
    """The columns of a table without a header, by its first row."""
    for layout in (_SKU, _MAKESENSE, _RETINANET):
        if len(first) != len(layout):
            continue
        cells = dict(zip(layout, first))
        numbers = [cells[name] for name in layout if name in _NUMBERS]
        if not all(not text or _is_number(text) for text in numbers):
            continue
        # A class is no picture: the rows of makesense.ai and of SKU-110K
        # differ in nothing else.
        swapped = is_image_name(cells['label'])
        if not swapped or is_image_name(cells['image']):
            return layout
    return ()


def find_places(
    first: list[str], source: Path
) -> tuple[dict[str, int], list[str]]:
    """Where each field stands, and what to say of it."""
    if layout := find_layout(first):
        kind = {_MAKESENSE: 'makesense.ai', _RETINANET: 'keras-retinanet'}
        notes = []
        if layout in kind:
            told = ', '.join(layout)
            notes = [f'read as a table of {kind[layout]}: {told}']
        return {field: place for place, field in enumerate(layout)}, notes
    names = list(map(plain_name, first))
    aliases = {**ALIASES, **XYWH, 'bbox': ('bbox',)}
    if 'imagewidth' in names:  # then these are the box's
        aliases['w'] = 'width', *XYWH['w']
        aliases['h'] = 'height', *XYWH['h']
    aliases = {field: _plain(usual) for field, usual in aliases.items()}
    # The first of the usual names that is there.
    places = {
        field: names.index(next(name for name in usual if name in names))
        for field, usual in aliases.items()
        if not set(usual).isdisjoint(names)
    }
    for group in (CORNERS, list(XYWH), ['bbox']):
        if all(name in places for name in group):
            others = {*CORNERS, *XYWH, 'bbox'} - set(group)
            break
    else:
        group, others = CORNERS, set()
    missing = [name for name in ('image', *group) if name not in places]
    if missing:
        hint = ''
        if 'regionshapeattributes' in names:
            hint = ' This is the CSV of VIA: export COCO JSON there instead.'
        raise ValueError(
            f'{source} must have a header with image, x1, y1, x2 and y2, or '
            f'the {len(_SKU)} columns of SKU-110K, but '
            f'{", ".join(missing)} is missing from {str(first)[:120]}.{hint}'
        )
    used = {f: p for f, p in places.items() if f not in others}
    if twice := [p for p in used.values() if names.count(names[p]) > 1]:
        fault = f'but {first[twice[0]]!r} occurs twice'
        raise ValueError(f'{source} must have each column once, {fault}.')
    scores = [name for name in first if plain_name(name) in _SCORES]
    note = (
        f'the column {scores[0]!r} was left out, as a detector writes it. Are '
        'these its detections, and not annotations?'
        if scores
        else ''
    )
    return used, [note] * bool(note)


def _plain(names: Sequence[str]) -> list[str]:
    return [plain_name(name) for name in names]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
