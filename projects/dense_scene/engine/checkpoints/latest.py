"""Which checkpoint of a run to go on from."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from ...utils.files import write_text
from .file_faults import find_fault
from .loading import CheckpointRefusedError

POINTER = 'last_checkpoint'


def mend_pointer(
    work_dir: str | os.PathLike, folder: str | os.PathLike, template: str
) -> list[str]:
    """Make ``last_checkpoint`` name a checkpoint that is there and whole.

    That is the one it names, wherever the folder was moved; if that one is
    damaged, the newest before it. CheckpointRefusedError if there are some
    and none is whole.

    Args:
        work_dir (str | PathLike): Of the run; holds ``last_checkpoint``.
        folder (str | PathLike): Where its checkpoints are.
        template (str): Their names, such as 'epoch_{}.pth'.

    Returns:
        list[str]: What is to be said of it: a line for each damaged file, and
        one for the file that is taken instead.
    """
    pointer = Path(work_dir) / POINTER
    named = pointer.read_text().strip() if pointer.is_file() else ''
    faults = []
    for path in _candidates(named, Path(folder), template):
        fault = find_fault(path)
        if fault is None:
            break
        faults.append(f'checkpoint {path} {fault}')
    else:
        if faults:
            advice = 'No earlier one is whole: start without --resume.'
            raise CheckpointRefusedError(f'{faults[0]} {advice}')
        return []
    if named and os.path.exists(named) and path.samefile(named):
        return []
    write_text(pointer, [str(path)])
    if not faults and path.name == os.path.basename(named):
        return [f'{pointer} names {named}, which is now {path}.']
    return [*faults, f'the run goes on from {path} instead.']


def _candidates(named: str, folder: Path, template: str) -> Iterator[Path]:
    """Files that exist, the best first."""
    last = _step(os.path.basename(named), template)
    if named:
        # First the one in this folder: a copy of a run is a run of its own.
        for path in (folder / os.path.basename(named), Path(named)):
            if path.is_file():
                yield path
                break
    found = {}
    if folder.is_dir():
        found = {_step(p.name, template): p for p in folder.iterdir()}
    steps = sorted((s for s in found if s is not None), reverse=True)
    # Those after it are of an earlier run in the same folder.
    yield from (found[s] for s in steps if last is None or s < last)


def _step(name: str, template: str) -> int | None:
    begin, end = map(re.escape, template.split('{}', 1))
    match = re.fullmatch(f'{begin}([0-9]+){end}', name)
    return int(match.group(1)) if match else None
