"""What the text log of a running training says."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

# What mmengine logs: Epoch(train)  [2][20/60]  lr: ...  eta: 0:01:02  ...
_STEP = re.compile(
    rb'(Epoch|Iter)\((\w+)\) +(?:\[ *(\d+)\])?\[ *(\d+)/ *(\d+)\](.*)'
)
_VALUE = re.compile(rb' (?:coco/bbox_)?(eta|loss|memory|mAP_at300): +(\S+)')
_TAIL = 16384


@dataclass(frozen=True)
class Progress:
    """How far a run is; '' for what is not known (yet)."""

    phase: str = ''  # train, val or test
    epoch: str = ''
    step: str = ''  # '20/60'
    eta: str = ''
    loss: str = ''
    memory: str = ''  # MB, of the GPU
    ap: str = ''  # AP@300, of the latest evaluation


def read_progress(log: str | os.PathLike) -> Progress:
    """Of the end of a log that is still being written."""
    found: dict[str, str] = {}
    where: dict[str, str] = {}
    for kind, phase, epoch, done, total, rest in _STEP.findall(_tail(log)):
        where = dict(
            phase=phase.decode(),
            epoch=epoch.decode() if kind == b'Epoch' else '',
            step=f'{done.decode()}/{total.decode()}',
        )
        for key, value in _VALUE.findall(rest):
            found[key.decode()] = value.decode(errors='replace')
    found['ap'] = found.pop('mAP_at300', '')
    return Progress(**where, **found)


def read_length(log: str | os.PathLike) -> int | None:
    """Iterations up to the end of the epoch that was logged last.

    mmengine logs every so many iterations, and not the rest of an epoch.
    """
    path = Path(log)
    text = path.read_bytes() if path.is_file() else b''
    length = None
    for _, phase, epoch, _, total, _ in _STEP.findall(text):
        if phase == b'train':
            length = int(epoch or 1) * int(total)
    return length


def last_lines(log: str | os.PathLike, count: int = 20) -> list[str]:
    """The last lines of a log that say something."""
    lines = _tail(log).decode(errors='replace').splitlines()
    return [line.rstrip() for line in lines if line.strip()][-count:]


def _tail(log: str | os.PathLike) -> bytes:
    path = Path(log)
    if not path.is_file():
        return b''
    with open(path, 'rb') as file:
        file.seek(max(0, path.stat().st_size - _TAIL))
        return file.read()
