"""Files: written whole or not at all, read in any usual encoding, found."""

import codecs
import io
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


@contextmanager
def whole_file(path: str | os.PathLike) -> Iterator[Path]:
    """Write a file under another name; it takes its own when all went well.

    What stood at ``path`` stays there until then, and for good if the block
    raises. The folder is made. The other name is in the same folder, so that
    to rename it is one step, and always the same, so that what a killed
    process left there is overwritten.

    Example:
        >>> with whole_file('out/table.csv') as part:
        ...     part.write_text('a,b')
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + '.tmp')
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def write_bytes(path: str | os.PathLike, content: bytes) -> None:
    """Write a file at once, by :func:`whole_file`."""
    with whole_file(path) as part:
        part.write_bytes(content)


def write_text(path: str | os.PathLike, pieces: Iterable[str]) -> None:
    """Write a text file in UTF-8 at once, by :func:`whole_file`.

    Names that are not UTF-8 (surrogates, as ``os.fsdecode`` gives them) keep
    their bytes.
    """
    with (
        whole_file(path) as part,
        open(
            part, 'w', encoding='utf-8', errors='surrogateescape', newline=''
        ) as file,
    ):
        file.writelines(pieces)


@contextmanager
def open_text(path: str | os.PathLike) -> Iterator[TextIO]:
    """Open a text of whatever program: UTF-8, or UTF-16 with its mark.

    A byte order mark is skipped; all line ends become line feeds. ValueError
    if it is in another encoding, also while it is read.
    """
    marks = codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE
    with open(path, 'rb') as file:
        encoding = 'utf-16' if file.peek(2)[:2] in marks else 'utf-8-sig'
        try:
            yield io.TextIOWrapper(file, encoding)
        except UnicodeDecodeError as error:
            fault = f'must be text in UTF-8 or UTF-16, but {error}'
            raise ValueError(f'{path} {fault}. Save it as UTF-8.') from error


def read_text(path: str | os.PathLike) -> str:
    """All of a text, by :func:`open_text`."""
    with open_text(path) as file:
        return file.read()


def require_own_place(target: Path, sources: Iterable[str | Path]) -> None:
    """ValueError for a file that would replace its source, or a folder."""
    if target.is_dir():
        raise ValueError(f'target must be a file, but {target} is a folder.')
    known = [source for source in sources if os.path.exists(source)]
    if target.exists() and any(map(target.samefile, known)):
        raise ValueError(f'target must not be a source, but {target} is.')


def find_files(folder: Path, suffixes: Iterable[str]) -> list[Path]:
    """Files below a folder, hidden ones left out, by relative path, sorted."""
    if not folder.is_dir():
        raise FileNotFoundError(f'{folder} is not a folder.')
    wanted = frozenset(suffixes)
    paths = (
        path.relative_to(folder)
        for path in folder.rglob('*')
        if path.suffix.lower() in wanted and path.is_file()
    )
    return sorted(
        path
        for path in paths
        if not any(part.startswith('.') for part in path.parts)
    )


def require_file(path: str | os.PathLike, what: str, advice: str = '') -> None:
    """Say in one FileNotFoundError what is missing, from which folder on.

    Args:
        path (str | PathLike): A local path.
        what (str): What the file is, such as 'ann_file'.
        advice (str): What to do. Defaults to '': nothing to say.
    """
    path = Path(path)
    if path.is_file():
        return
    fault = 'is not a file' if path.exists() else 'does not exist'
    missing = path
    while not missing.parent.exists():
        missing = missing.parent
    if missing != path:
        fault += f', nor does {missing}'
    line = f'{what} must be a file, but {str(path)!r} {fault}. {advice}'
    raise FileNotFoundError(line.rstrip())
