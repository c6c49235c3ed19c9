"""Many image files, in parallel; an interrupted run goes on."""

import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict
from pathlib import Path

from ...utils import checks
from ...utils.files import write_bytes
from ...utils.progress import track_on_stderr
from ...utils.worker_pool import available_cores, worker_pool
from .image_record import ImageRecord, inspect_image

# Raise it when inspect_image() finds something new: older records are then
# not believed.
_HEADER = b'{"dense_scene_checked_images": 1}\n'


def inspect_images(
    folder: str | Path,
    names: Sequence[str],
    journal: str | Path,
    workers: int | None = None,
    progress: bool = True,
) -> list[ImageRecord]:
    """Inspect files that are new, or changed since they were inspected last.

    Args:
        folder: The image folder.
        names: Files in it; no name twice.
        journal: A file to which every record is appended as a line of JSON.
            After Ctrl-C or a crash the same call goes on.
        workers: Processes; as many as there are cores by default.
        progress: Whether to show a progress bar.

    Returns:
        One record for each name, in their order.
    """
    workers = available_cores() if workers is None else workers
    checks.positive_integer('workers', workers)
    known = _read_journal(Path(journal))
    found = {name: _unchanged(known, folder, name) for name in names}
    todo = [name for name, record in found.items() if record is None]
    kept = len({name for name in known if found.get(name) is known[name]})
    if progress and todo and kept:
        print(f'{kept} of {len(names)} images have not changed since.')
    with open(journal, 'a', encoding='utf-8') as file:
        for record in _inspect(os.fspath(folder), todo, workers, progress):
            found[record.name] = record
            file.write(json.dumps(asdict(record)) + '\n')
            file.flush()
    return list(found.values())


def _read_journal(path: Path) -> dict[str, ImageRecord]:
    """By name; a line that was cut short is dropped. Made if absent."""
    if not path.exists() or not path.stat().st_size:
        write_bytes(path, _HEADER)
    content = path.read_bytes()
    whole = content.rfind(b'\n') + 1
    try:
        if not content.startswith(_HEADER):
            raise ValueError
        lines = content[len(_HEADER) : whole].splitlines()
        records = [ImageRecord(**json.loads(line)) for line in lines]
    except (RecursionError, TypeError, ValueError):
        wanted = f'{path} must be a list of checked images of this version'
        fault = 'is something else. Delete it, or choose another folder.'
        raise ValueError(f'{wanted}, but {fault}') from None
    os.truncate(path, whole)
    return {record.name: record for record in records}


def _unchanged(
    known: dict[str, ImageRecord], folder: str | Path, name: str
) -> ImageRecord | None:
    """The record of a file that is missing or has not been changed."""
    try:
        status = os.stat(os.path.join(folder, name))
    except FileNotFoundError:
        return ImageRecord(name, fault='does not exist')
    except OSError as error:  # a name too long, a file where a folder must be
        return ImageRecord(name, fault=f'cannot be read ({error.strerror})')
    record = known.get(name)
    stamp = status.st_size, status.st_mtime_ns
    if record and (record.bytes, record.mtime_ns) == stamp:
        return record
    return None


def _inspect(
    folder: str, names: list[str], workers: int, progress: bool
) -> Iterator[ImageRecord]:
    """Records as they are done, in any order."""
    if not names:
        return
    with worker_pool(min(workers, len(names))) as pool:
        # Submitted before the bar starts its thread: workers are forked here.
        futures = [pool.submit(inspect_image, folder, name) for name in names]
        try:
            done = as_completed(futures)
            for future in track_on_stderr(
                done, 'checking images', len(futures), progress
            ):
                yield future.result()
        except BrokenProcessPool as error:
            raise ChildProcessError(
                'a worker process ended early (often for want of memory). '
                'What is finished is kept: run again, with fewer workers.'
            ) from error
