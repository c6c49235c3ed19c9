"""The scalars that mmengine logs in a run."""

import json
import logging
import os
from pathlib import Path

from mmengine.logging import print_log


def find_logs(path: str | os.PathLike) -> list[Path]:
    """The logs of a run, one for each start or resumption, oldest first.

    ``path`` is a work folder, the folder of one start in it, or a
    ``scalars.json``.
    """
    path = Path(path)
    if path.is_file():
        return [path]
    for place in ('.', 'vis_data', '*/vis_data'):
        if logs := sorted(path.glob(f'{place}/scalars.json')):
            return logs
    fault = 'there is no log in it' if path.is_dir() else 'does not exist'
    raise FileNotFoundError(f'{path} must be a log or work_dir, but {fault}.')


def read_scalars(path: str | os.PathLike) -> list[dict]:
    """The lines of all logs of :func:`find_logs`; each has an int ``step``.

    A last line that a crash cut short is left out, with a warning.
    """
    rows = []
    for log in find_logs(path):
        lines = log.read_text(encoding='utf-8').splitlines()
        for number, line in enumerate(lines, 1):
            try:
                row = json.loads(line)
                rows.append({**row, 'step': int(row['step'])})
            except (KeyError, OverflowError, TypeError, ValueError) as error:
                if number < len(lines):
                    what = f'{log}, line {number} must be JSON with a step'
                    raise ValueError(
                        f'{what}, but got {line[:60]!r}.'
                    ) from error
                message = f'{log}: the last line is cut short and left out.'
                print_log(message, 'current', logging.WARNING)
    return rows
