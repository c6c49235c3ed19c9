"""Files are whole or absent, also if several processes write them."""

import os
import secrets
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


def write_whole(path: Path, content: bytes) -> None:
    """Write a file under a name of its own, and rename it then."""
    part = path.with_name(f'{path.name}.{secrets.token_hex(4)}.tmp')
    try:
        with open(part, 'xb') as file:
            _lock(file)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """Delete what was being written when a process was killed.

    The lock of a process that lives is held, however long it takes.
    """
    for part in folder.glob('*.????????.tmp'):
        try:
            with open(part, 'rb') as file:
                if _lock(file):
                    part.unlink()
        except FileNotFoundError:
            pass  # renamed in the meantime


def _lock(file) -> bool:
    if fcntl is None:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
