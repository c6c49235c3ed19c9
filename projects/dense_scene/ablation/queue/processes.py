"""Processes of runs: each with all that it starts, and ending with us."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

_SCRIPT = Path(__file__).with_name('stock_scripts.py')


def start_process(
    arguments: Sequence[Any], log: Path, env: dict[str, str]
) -> subprocess.Popen:
    """``stock_scripts.py`` in a group of its own.

    Ctrl-C at the terminal does not reach it, and it ends with this process,
    of whatever cause, as it then has no input any more.
    """
    with open(log, 'ab') as file:
        return subprocess.Popen(
            [sys.executable, str(_SCRIPT), *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=file,
            stderr=subprocess.STDOUT,
            env=env,
            start_new_session=True,
        )


def stop_processes(
    processes: Sequence[subprocess.Popen], patience: float = 5
) -> None:
    """Ask them to end, wait, then end them and all that they started."""
    for process in processes:
        _signal(process, signal.SIGTERM)
    end = time.monotonic() + patience
    for process in processes:
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(0, end - time.monotonic()))
    for process in processes:
        _signal(process, signal.SIGKILL)
        process.wait()
        process.stdin.close()


def _signal(process: subprocess.Popen, number: int) -> None:
    """To a process and what it started."""
    with suppress(PermissionError, ProcessLookupError):
        os.killpg(process.pid, number)
