"""Many image files, in parallel; an interrupted run goes on."""

import os
from collections.abc import Sequence
from concurrent.futures import Future, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from ...utils.worker_pool import available_cores, worker_pool
from .image_record import ImageRecord, inspect_image
from .journal import Journal


def inspect_images(
    folder: str | Path,
    names: Sequence[str],
    journal: str | Path,
    workers: int | None = None,
    progress: bool = True,
) -> list[ImageRecord]:
    """Inspect files that are new, or changed since the journal was written.

    Args:
        folder (str | Path): The image folder.
        names (Sequence[str]): Files in it; no name twice.
        journal (str | Path): Where finished work is kept (see
            :class:`Journal`). After Ctrl-C or a crash the same call goes on.
        workers (int, optional): Processes. Defaults to all cores.
        progress (bool): Whether to show a progress bar. Defaults to True.

    Returns:
        list[ImageRecord]: One for each name, in their order.

    Raises:
        RuntimeError: If a worker process died, as for want of memory.
        ValueError: If ``workers`` is below 1 or the journal another file.
    """
    workers = available_cores() if workers is None else workers
    if workers < 1:
        raise ValueError(f'workers must be at least 1, but got {workers}.')
    folder = os.fspath(folder)
    with Journal(Path(journal)) as checked:
        found = {name: _known(checked, folder, name) for name in names}
        todo = [name for name, record in found.items() if record is None]
        console = Console(quiet=not progress)
        if todo:
            known = sum(
                name in checked.records and record is not None
                for name, record in found.items()
            )
            if known:
                console.print(
                    f'{known} of {len(names)} images have not '
                    'changed since they were read.'
                )
            _inspect(checked, folder, todo, min(workers, len(todo)), console)
        return [found[name] or checked.records[name] for name in names]


def _known(checked: Journal, folder: str, name: str) -> ImageRecord | None:
    try:
        status = os.stat(os.path.join(folder, name))
    except FileNotFoundError:
        return ImageRecord(name, fault='does not exist')
    except OSError as error:  # a name too long, a file where a folder must be
        return ImageRecord(name, fault=f'cannot be read ({error.strerror})')
    return checked.find(name, status)


def _inspect(
    checked: Journal,
    folder: str,
    names: list[str],
    workers: int,
    console: Console,
) -> None:
    columns = (
        TextColumn('checking images'),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with worker_pool(workers) as pool:
        # Submitted before the bar starts its thread: workers are forked here.
        futures = [pool.submit(inspect_image, folder, name) for name in names]
        pending = set(futures)
        try:
            with Progress(*columns, console=console) as bar:
                for future in bar.track(
                    as_completed(futures), total=len(futures)
                ):
                    checked.add(future.result())
                    pending.discard(future)
        except BrokenProcessPool as error:
            raise RuntimeError(
                'a worker process must not end before its work is done, but '
                'one did (often for want of memory). What is finished is '
                'kept: run again, with fewer workers.'
            ) from error
        except BaseException:
            pool.shutdown(cancel_futures=True)
            _keep_finished(checked, pending)
            raise


def _keep_finished(checked: Journal, futures: set[Future]) -> None:
    for future in futures:
        if (
            future.done()
            and not future.cancelled()
            and (future.exception() is None)
        ):
            checked.add(future.result())
