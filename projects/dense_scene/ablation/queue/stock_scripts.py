"""Runs mmdet's train.py and then its test.py, in a process of its own.

Called by its path with a JSON file, and imports nothing of ours. Both scripts
run in this process: torch and mmdet, whose import takes seconds, are imported
once. It ends, with all that it started, when the process that called it does.
"""

import fcntl
import gc
import json
import os
import re
import runpy
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path


def main(path: str) -> None:
    """Do what the file says: ``folder`` and ``steps``.

    A step has ``argv``: a Python script and its arguments, or, with
    ``command`` true, a program. ``{checkpoint}`` in it is what training kept.
    """
    threading.Thread(target=_end_with_caller, daemon=True).start()
    spec = json.loads(Path(path).read_text())
    folder = Path(spec['folder'])
    lock = open(folder / '.lock', 'w')  # noqa: SIM115, held until the end
    # A run whose caller was killed may need a moment to end.
    fcntl.flock(lock, fcntl.LOCK_EX)
    # The folder of this file, whose modules must not hide those of Python.
    if sys.path[0] == str(Path(__file__).parent):
        del sys.path[0]
    # So that time and memory are written also of a run that is stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    start = time.monotonic()
    try:
        for step in spec['steps']:
            argv = [_fill(part, folder) for part in step['argv']]
            if step.get('command'):
                subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)
            else:
                _run_script(argv)
    finally:
        _add_usage(folder / 'usage.json', time.monotonic() - start)


def _end_with_caller() -> None:
    """The caller holds the other end of our input, and never writes."""
    while os.read(0, 1):
        pass
    os.killpg(os.getpgrp(), signal.SIGKILL)


def _run_script(argv: list) -> None:
    sys.argv = list(argv)
    try:
        runpy.run_path(argv[0], run_name='__main__')
    except SystemExit as error:
        if error.code:
            raise
    # The workers of training's data loaders end with their loaders.
    gc.collect()


def _fill(part: str, folder: Path) -> str:
    if part != '{checkpoint}':
        return part
    checkpoint = find_checkpoint(folder)
    if checkpoint is None:
        raise FileNotFoundError(f'training left no checkpoint in {folder}.')
    return str(checkpoint)


def find_checkpoint(folder: Path):
    """The best checkpoint if the config keeps one, else the last; or None."""
    if best := sorted(folder.glob('best_*.pth'), key=os.path.getmtime):
        return best[-1]
    pointer = folder / 'last_checkpoint'
    if not pointer.is_file():
        return None
    # The folder may have been moved since.
    checkpoint = folder / Path(pointer.read_text().strip()).name
    return checkpoint if checkpoint.is_file() else None


def _add_usage(path: Path, seconds: float) -> None:
    """Seconds of all attempts, and the most memory of any."""
    usage = dict(seconds=0.0, memory_mb=0.0, attempts=0)
    with suppress(OSError, ValueError):
        usage.update(json.loads(path.read_text()))
    try:
        status = Path('/proc/self/status').read_text()
        peak = int(re.search(r'VmHWM:\s+(\d+)', status)[1]) / 1024
    except (OSError, TypeError):
        peak = 0.0
    usage['seconds'] += seconds
    usage['memory_mb'] = max(usage['memory_mb'], peak)
    usage['attempts'] += 1
    part = path.with_name(path.name + '.tmp')
    part.write_text(json.dumps(usage))
    os.replace(part, path)


if __name__ == '__main__':
    main(sys.argv[1])
