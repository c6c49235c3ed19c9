"""Results that are either whole or not there, and lists of files."""

import gc
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ...utils.files import whole_file

_IMAGE_SUFFIXES = frozenset(
    ('.jpg', '.jpeg', '.png', '.bmp', '.webp', '.tif', '.tiff')
)


def write_text(path: Path, pieces: Iterable[str]) -> None:
    """Write a file in UTF-8; it is replaced only once it is whole."""
    # Names that are not UTF-8 keep their bytes.
    with (
        whole_file(path) as part,
        open(
            part, 'w', encoding='utf-8', errors='surrogateescape', newline=''
        ) as file,
    ):
        file.writelines(pieces)


def require_own_place(
    target: Path, sources: Iterable[str | Path], is_folder: bool
) -> None:
    """Refuse a result that would replace what it is made from.

    Args:
        target (Path): Of the result.
        sources (Iterable[str | Path]): What is read.
        is_folder (bool): Whether the result is a folder.

    Raises:
        ValueError: In that case, or if the result is to be a file and
            ``target`` is a folder.
    """
    for source in sources:
        if (
            target.exists()
            and os.path.exists(source)
            and (target.samefile(source))
        ):
            raise ValueError(
                f'the target must not be a source, but {target} '
                'is read. Choose another name.'
            )
    if not is_folder and target.is_dir():
        raise ValueError(
            f'the target must be a file, but {target} is a '
            'folder. Name a file in it.'
        )


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """Yield a folder that becomes ``target`` when all went well.

    Raises:
        ValueError: If ``target`` is there and not an empty folder.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ValueError(
            f'{target} must be a new or an empty folder, but '
            'holds files. Choose another, or delete it.'
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=target.name + '.', dir=target.parent))
    try:
        # mkdtemp's folders are for their owner alone.
        part.chmod(0o777 & ~_umask())
        yield part
        if target.exists():
            target.rmdir()
        part.rename(target)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def find_files(folder: Path, suffixes: Iterable[str]) -> list[Path]:
    """Files below a folder, hidden ones left out, by relative path, sorted.

    Raises:
        FileNotFoundError: If there is no such folder.
    """
    if not folder.is_dir():
        raise FileNotFoundError(
            f'{folder} must be a folder, but there is none. Correct the path.'
        )
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


def find_images(folder: Path) -> list[Path]:
    """Image files below a folder, as :func:`find_files`."""
    return find_files(folder, _IMAGE_SUFFIXES)


@contextmanager
def paused_collector() -> Iterator[None]:
    """Leave freeing memory to reference counting for a while.

    A tree of XML has no cycles, but so many objects that the collector would
    go through everything that is loaded again and again.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def read_lines(path: Path) -> list[str]:
    """A text file's lines in UTF-8, with or without a byte order mark.

    Raises:
        ValueError: If it is something else.
    """
    try:
        # Not splitlines(), which also splits at characters of a name.
        return path.read_text(encoding='utf-8-sig').split('\n')
    except UnicodeDecodeError as error:
        raise ValueError(
            f'{path} must be a text file in UTF-8, but cannot '
            f'be read: {error}. Write it again.'
        ) from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
