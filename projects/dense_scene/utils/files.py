"""Files that are either whole or not there."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_file(path: str | os.PathLike) -> Iterator[Path]:
    """Write a file under another name; it takes its own when all went well.

    What stood at ``path`` stays there until then, and for good if the block
    raises. The folder is made. The other name is always the same, so that what
    a killed process left there is overwritten and does not stay for ever.

    Args:
        path (str | PathLike): The file.

    Yields:
        Path: Where to write; in the same folder, so that to rename it is one
        step of the file system.

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


def require_file(path: str | os.PathLike, what: str, advice: str = '') -> None:
    """Say in one line that a file is missing, and from which folder on.

    Args:
        path (str | PathLike): A local path.
        what (str): What the file is, such as 'ann_file'.
        advice (str): What to do. Defaults to '': nothing to say.

    Raises:
        FileNotFoundError: If there is no such file.
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
    raise FileNotFoundError(
        f'{what} must be a file, but {str(path)!r} {fault}. {advice}'.rstrip()
    )
