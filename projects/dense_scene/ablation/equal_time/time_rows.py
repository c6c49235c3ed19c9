"""Time an iteration of each row, one row after the other."""

from __future__ import annotations

import copy
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from ..queue.devices import device_environment
from ..queue.failures import explain_failure
from ..queue.launcher import Launcher
from ..queue.processes import start_process, stop_processes
from ..records.machine import (
    describe_hardware,
    find_commit,
    find_versions,
    utc_now,
)
from ..records.record import TimingRecord
from ..records.record_file import NAME, append_record, read_records
from ..runs.progress import last_lines
from ..runs.scalars import find_logs, read_scalars
from ..suites.resolve import ResolvedRow, config_text
from .fit import epoch_length, find_timings, require_epochs

ITERATIONS, FEWEST, WARMUP = 30, 10, 5


@dataclass(frozen=True)
class Timing:
    """How rows are timed.

    Args:
        work_dir (Path): Gets the records.
        device (str): Of :func:`find_devices`.
        launcher (Launcher): Whose training is timed.
        env (dict): Environment.
        console (Console): Where to tell.
        end (float): ``time.monotonic()`` at which to stop.
        enough (float): Seconds after which a row's tenth iteration is its
            last, as timing should not take longer than training.
    """

    work_dir: Path
    device: str
    launcher: Launcher
    env: dict[str, str]
    console: Console
    end: float = float('inf')
    enough: float = float('inf')

    def time_rows(self, rows: Sequence[ResolvedRow]) -> bool:
        """Time each row that has not been; False if the time was over.

        The first 30 iterations of a real training of the row, which has the
        machine for itself, or fewer of a slow one; the mean of all but the
        first five counts.

        Raises:
            ValueError: In one line if rows could not be timed, after the
                others, or were timed on another machine.
        """
        known = find_timings(read_records(self.work_dir / NAME), rows)
        self._require_this_machine(known)
        missing = [row for row in rows if row.row.name not in known]
        for row in missing:
            require_epochs(row.cfg, row.row.name)
        failed = []
        for row in missing:
            if time.monotonic() >= self.end:
                return False
            try:
                self._time(row)
            except TimeoutError:
                return False
            except (ChildProcessError, OSError, ValueError) as error:
                failed.append(f'{row.row.name} ({error})')
        if failed:
            raise ValueError(
                f'each row must be timed, but {"; ".join(failed)} was not. '
                'Correct it, or name the others with --rows.'
            )
        return True

    def _time(self, row: ResolvedRow) -> None:
        load = os.getloadavg()[0]
        folder = (self.work_dir / 'timing' / row.row.slug).absolute()
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        config, log = folder / 'config.py', folder / 'log.txt'
        config.write_text(_short_training(row, self.launcher.gpus))
        step = self.launcher.steps(config, folder)[0]
        spec = dict(folder=str(folder), steps=[step])
        (folder / 'steps.json').write_text(json.dumps(spec))
        env = device_environment(self.device, self.env, 1)
        process = start_process([folder / 'steps.json'], log, env)
        try:
            is_enough = self._watch(process, folder)
        finally:
            stop_processes([process])
        if process.returncode and not is_enough:
            reason = explain_failure(process.returncode, last_lines(log, 60))
            raise ChildProcessError(f'{reason}, {log}')
        times = list(_times(folder))
        if len(times) != ITERATIONS and not is_enough:
            what = f'logged {len(times)} iterations of {ITERATIONS}'
            raise ValueError(f'{what}, {log}')
        for checkpoint in folder.glob('*.pth'):
            checkpoint.unlink()
        self._record(row, times[WARMUP:], load)

    def _watch(self, process: subprocess.Popen, folder: Path) -> bool:
        """Wait for the end; True if it need not be waited for."""
        start = time.monotonic()
        while process.poll() is None:
            now = time.monotonic()
            if now >= self.end:
                raise TimeoutError
            if now - start >= self.enough and _logged(folder) >= FEWEST:
                return True
            time.sleep(0.05)
        return False

    def _record(
        self, row: ResolvedRow, counted: Sequence[float], load: float
    ) -> None:
        seconds = sum(counted) / len(counted)
        record = TimingRecord(
            row=row.row.name,
            ended=utc_now(),
            config_sha256=row.sha256,
            seconds_per_iteration=seconds,
            iterations=len(counted),
            warmup=WARMUP,
            load=load,
            device=self.device,
            commit=find_commit(Path(row.row.config).parent),
            versions=find_versions(),
            hardware=describe_hardware(self.device),
        )
        append_record(self.work_dir / NAME, record)
        line = f'{row.row.name}: {seconds:.4g} s an iteration'
        self.console.print(line, markup=False, highlight=False)

    def _require_this_machine(self, known: dict[str, TimingRecord]) -> None:
        here = describe_hardware(self.device)
        for name, timing in known.items():
            if timing.hardware != here:
                raise ValueError(
                    f'{name} must be trained on the machine that it was '
                    f'timed on, {timing.hardware}, but this is {here}. Take '
                    'another --work-dir.'
                )


def _short_training(row: ResolvedRow, gpus: int) -> str:
    """A config of one epoch that logs each iteration by itself."""
    cfg = copy.deepcopy(row.cfg)
    cfg.merge_from_dict(
        {
            'train_cfg.max_epochs': 1,
            'train_cfg.val_begin': 2,  # so it is not validated
            'default_hooks.logger.interval': 1,
            'log_processor.window_size': 1,
            **epoch_length(cfg, ITERATIONS, gpus),
        }
    )
    return config_text(cfg, row.row.name)


def _logged(folder: Path) -> int:
    """Whole lines of a log that is being written, one an iteration."""
    with suppress(FileNotFoundError):  # not begun
        logs = find_logs(folder)
        return sum(log.read_bytes().count(b'\n') for log in logs)
    return 0


def _times(folder: Path) -> Iterator[float]:
    for line in read_scalars(folder):
        if 'time' in line and 'loss' in line:
            yield line['time']
