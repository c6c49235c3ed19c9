"""One command at a time in a folder."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def own_folder(work_dir: Path) -> Iterator[None]:
    """Refuse a second runner in the same folder."""
    work_dir.mkdir(parents=True, exist_ok=True)
    with open(work_dir / '.lock', 'a') as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            what = f'{work_dir} must be used by one command at a time'
            raise ValueError(f'{what}, but another one runs.') from error
        yield
