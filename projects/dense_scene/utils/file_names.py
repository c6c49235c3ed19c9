"""Names of files below a folder: which are allowed, and what they may mean."""

import os
import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote

_LONGEST = 1023  # bytes; a column of names is as wide as its longest one
IMAGE_SUFFIXES = frozenset(
    [
        '.jpg',
        '.jpeg',
        '.jpe',
        '.jfif',
        '.png',
        '.bmp',
        '.webp',
        '.tif',
        '.tiff',
        '.gif',
        '.jp2',
        '.ppm',
        '.pgm',
    ]
)


def is_image_name(name: str) -> bool:
    """Whether a name ends like that of a picture."""
    return os.path.splitext(name)[1].lower() in IMAGE_SUFFIXES


def name_fault(name: str) -> str:
    """Why a name cannot be that of a file below a folder, or ''."""
    try:
        size = len(os.fsencode(name))
    except UnicodeEncodeError:
        return 'holds half a letter (a surrogate)'
    if not name:
        return 'is empty'
    if '\0' in name:
        return 'holds a zero byte'
    if size > _LONGEST:
        return f'has more than {_LONGEST} bytes'
    if name[0] in '/\\' or re.match(r'[A-Za-z]:[\\/]', name):
        return 'is an absolute path'
    if '..' in re.split(r'[\\/]', name):
        return 'leads out of the folder'
    return ''


class ImageFolder:
    """A folder whose images are looked for by name, each part read once.

    Args:
        path: The folder; it need not exist.
    """

    def __init__(self, path: str | os.PathLike) -> None:
        self.path = Path(path)
        self._listed: dict[str, frozenset[str]] = {}

    def holds(self, name: str) -> bool:
        """Whether there is something of exactly this name below it."""
        head, tail = os.path.split(name)
        if '\0' in name or not tail or tail in ('.', '..'):
            return False
        if head not in self._listed:
            try:
                entries = frozenset(os.listdir(self.path / head))
            except OSError:
                entries = frozenset()
            self._listed[head] = entries
        return tail in self._listed[head]

    def missing(self, names: Iterable[str]) -> list[str]:
        """Those of the names that are not there."""
        return [name for name in names if not self.holds(name)]

    def look_alike(self, name: str) -> tuple[str, str] | None:
        """The picture that a name may mean, and in what the two differ.

        Tried are, one after the other and together: Windows separators,
        percent-encoding (``%20``), another Unicode form (macOS decomposes),
        the last parts of a path, another case, another or no suffix. None
        where nothing, or more than one file, fits.
        """
        for given, why in _readings(name):
            if found := self._find(given):
                return found, why
            for key, kind in _KEYS:
                fits = self._by_key[kind].get(key(given), ())
                if len(fits) == 1:
                    return fits[0], ', '.join(filter(None, (why, kind)))
        return None

    def _find(self, name: str) -> str | None:
        safe = not name_fault(name) and self.holds(name)
        return os.path.normpath(name) if safe else None

    @cached_property
    def _by_key(self) -> dict[str, dict[str, list[str]]]:
        tables: dict[str, dict[str, list[str]]] = {}
        files = list(_walk(self.path))
        for key, kind in _KEYS:
            table = tables.setdefault(kind, {})
            for file in files:
                table.setdefault(key(file), []).append(file)
        return tables


def describe_missing(
    folder: ImageFolder, missing: list[str], total: int, what: str = 'images'
) -> str:
    """'2 of 9 images are not in F, a.png among them: ...', and what to do."""
    first = missing[0]
    line = f'{len(missing)} of {total} {what} are not in {folder.path}'
    if not folder.path.is_dir():
        return f'{line}, which is not a folder'
    line += f', {first!r} among them'
    if found := folder.look_alike(first):
        line += f'; there is {found[0]!r}, which differs in {found[1]}'
    return line


def _walk(folder: Path, most: int = 1_000_000) -> Iterator[str]:
    """Relative names of the pictures below a folder, at most so many."""
    for head, _, names in os.walk(folder):
        inside = os.path.relpath(head, folder)
        for name in sorted(filter(is_image_name, names)):
            yield name if inside == '.' else f'{inside}/{name}'
            most -= 1
            if not most:
                return


def _readings(name: str) -> Iterator[tuple[str, str]]:
    """What a name may be meant as, the nearest first."""
    plain = name.replace('\\', '/')
    slashed = 'its separators (Windows)' * (plain != name)
    yield plain, slashed
    decoded = unquote(plain)
    if decoded != plain:
        yield decoded, ', '.join(filter(None, (slashed, 'percent-encoding')))


def _same_form(name: str) -> str:
    return unicodedata.normalize('NFC', name)


def _same_case(name: str) -> str:
    return _same_form(name).casefold()


def _last(name: str) -> str:
    return _same_form(name).rpartition('/')[2]


def _stem(name: str) -> str:
    last = _last(name)
    stem = os.path.splitext(last)[0] if is_image_name(last) else last
    return stem.casefold()


_KEYS = (
    (_same_form, 'its Unicode form'),
    (_same_case, 'its case'),
    (_last, 'its folder'),
    (lambda name: _last(name).casefold(), 'its folder and case'),
    (_stem, 'its suffix'),
)
