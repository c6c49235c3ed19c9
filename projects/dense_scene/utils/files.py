"""Files: written whole or not at all, and found."""

import errno
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


@contextmanager
def naming(path: str | os.PathLike) -> Iterator[None]:
    """Let an OSError name the file: that of a full disk names none.

    One without a number stays as it is: its text would give way to the name.
    """
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno is not None:
            error.filename = str(path)
        raise


@contextmanager
def whole_file(path: str | os.PathLike) -> Iterator[Path]:
    """Write a file under another name; it takes its own when all went well.

    What stood at ``path`` stays there until then, and for good if the block
    raises. The folder is made. The other name is in the same folder, so that
    to rename it is one step; it belongs to this call, so that several may
    write one file at a time: the last to end wins. What a killed process left
    there is deleted.

    Example:
        >>> with whole_file('out/table.csv') as part:
        ...     part.write_text('a,b')
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep(path)
    part = path.with_name(f'{path.name}.{secrets.token_hex(4)}.tmp')
    flags = os.O_CREAT | os.O_EXCL | os.O_RDWR
    with open(os.open(part, flags, 0o666), 'rb') as held:
        try:
            with naming(path):
                _lock(held)
                yield part
                _flush(part)
                os.replace(part, path)
                # A folder that cannot be listed is not flushed.
                with suppress(PermissionError):
                    _flush(path.parent)
        finally:
            part.unlink(missing_ok=True)


def _sweep(path: Path) -> None:
    """Delete what was being written when its process was killed."""
    begin = len(path.name)
    try:
        names = [x for x in os.listdir(path.parent) if x.startswith(path.name)]
    except PermissionError:
        return
    for name in names:
        if re.fullmatch(r'\.[0-9a-f]{8}\.tmp', name[begin:]):
            with suppress(OSError), open(path.with_name(name), 'rb') as file:
                if _lock(file):
                    path.with_name(name).unlink()


def _lock(file: IO) -> bool:
    """Hold a file for as long as it is open; False if somebody else does.

    The lock ends with its process, however that ends.
    """
    if fcntl is None:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _flush(path: Path) -> None:
    """Have a file, or a folder's list of names, on the disk itself."""
    if os.name == 'nt':
        return
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    except OSError as error:
        # Some file systems have no such thing.
        if error.errno not in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):
            raise
    finally:
        os.close(number)


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


def require_writable_file(name: str, path: str | os.PathLike) -> None:
    """ValueError if a file cannot be written there, found out by trying.

    Args:
        name (str): The argument's name, such as 'detection_file'.
        path (str | PathLike): What is there stays; its folder is made.
    """
    path = Path(path)
    trial = path.with_name(f'{path.name}.{secrets.token_hex(4)}.tmp')
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        trial.touch(exist_ok=False)
        trial.unlink()
        fault = 'is a folder' if path.is_dir() else ''
    except OSError as error:
        fault = f'cannot be: {error.strerror} ({error.filename})'
    if fault:
        raise ValueError(
            f'{name} must be a file that can be written, but {path} {fault}.'
        )


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
