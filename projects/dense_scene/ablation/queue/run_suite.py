"""Run all rows of a suite with all seeds."""

import os
import shutil
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from ..equal_time.time_suite import time_suite
from ..records.machine import describe_hardware, find_commit, find_versions
from ..records.record_file import (
    NAME,
    append_record,
    finished_runs,
    read_records,
)
from ..runs.progress import last_lines
from ..suites.data_state import describe_data, require_same_data
from ..suites.read import require_row
from ..suites.resolve import ResolvedRow, write_row
from ..suites.suite import Suite
from .devices import device_environment, find_devices
from .failures import explain_failure
from .job import Job
from .launcher import Launcher
from .limits import Limits
from .live import LiveView
from .own_folder import own_folder
from .processes import stop_processes


def plan_jobs(
    suite: Suite,
    work_dir: Path,
    rows: Sequence[ResolvedRow],
    names: Sequence[str] | None = None,
) -> list[Job]:
    """All runs, seed by seed, so that pairs are complete early.

    What is finished is 'skipped'. ValueError if a folder is of another
    config, or of data that have changed.

    Args:
        suite (Suite), work_dir (Path), rows: Of the suite.
        names (Sequence[str], optional): Of the rows that are wanted.
    """
    known_names = [row.row.name for row in rows]
    for name in names or []:
        require_row(name, known_names)
    records = read_records(work_dir / NAME)
    hashes = {row.row.name: row.sha256 for row in rows}
    done = finished_runs(records, hashes)
    state = {row.row.name: describe_data(row.cfg) for row in rows}
    jobs = []
    for seed in suite.seeds:
        for resolved in rows:
            name = resolved.row.name
            folder = work_dir / resolved.row.slug / str(seed)
            job = Job(resolved, seed, folder.absolute(), data=state[name])
            job.check_identity()
            known = job.known_data()
            if finished := done.get((name, seed)):
                job.state, known = 'skipped', finished.data
            if names is None or name in names:
                jobs.append(job)
            for other in state.values():
                require_same_data(known, other, job.name)
    return jobs


def run_suite(
    suite: Suite,
    work_dir: str | os.PathLike,
    limits: Limits | None = None,
    launcher: Launcher | None = None,
    env: dict[str, str] | None = None,
    console: Console | None = None,
) -> list[Job]:
    """Train and test what is not finished yet.

    Args:
        suite (Suite): Of :func:`read_suite`.
        work_dir (str | PathLike): Gets ``records.jsonl`` and, for each row,
            ``config.py``, ``diff.txt`` and a folder for each seed.
        limits (Limits, optional): Defaults to one run on each device.
        launcher (Launcher, optional): Defaults to none.
        env (dict, optional): Environment. Defaults to that of this process.
        console (Console, optional): Where to tell. Defaults to the errors'.

    Returns:
        list[Job]: All runs, in the order of the queue; none if the time was
        over before all rows were timed, which comes first in a suite with
        ``minutes``.

    Raises:
        ValueError, OSError: Of suite, data and folder, in one line.
        KeyboardInterrupt: After Ctrl-C, with all processes ended.
    """
    limits, launcher = limits or Limits(), launcher or Launcher()
    work_dir = Path(work_dir)
    devices = find_devices(limits.devices, launcher.gpus, launcher.kind)
    env = dict(os.environ if env is None else env)
    console = console or Console(stderr=True)
    start = time.monotonic()
    with own_folder(work_dir):
        rows = time_suite(suite, work_dir, limits, launcher, env, console)
        if rows is None:
            return []
        jobs = plan_jobs(suite, work_dir, rows, limits.rows)
        for row in rows:
            write_row(row, work_dir / row.row.slug)
        queue = _Queue(work_dir, rows, devices, limits, launcher, env)
        queue.minutes, queue.start = suite.minutes, start
        with LiveView(jobs, console) as view:
            queue.run(jobs, view)
    return jobs


@dataclass(eq=False)
class _Queue:
    work_dir: Path
    rows: Sequence[ResolvedRow]
    devices: Sequence[str]
    limits: Limits
    launcher: Launcher
    env: dict[str, str]
    minutes: float | None = None
    start: float = 0.0

    def run(self, jobs: Sequence[Job], view: LiveView) -> None:
        waiting = deque(job for job in jobs if job.state == 'waiting')
        free = list(self.devices) * self.limits.jobs_per_device
        at_once = len(free)
        running: list[Job] = []
        end = self.start + self.limits.seconds
        try:
            while waiting or running:
                while waiting and free:
                    job = waiting.popleft()
                    job.device = free.pop(0)
                    self._check_data(job)
                    env = device_environment(job.device, self.env, at_once)
                    if self.limits.restart:
                        shutil.rmtree(job.folder, ignore_errors=True)
                    job.start(self.launcher, env)
                    running.append(job)
                    view.tell(job)
                time.sleep(self.limits.wait)
                for job in [job for job in running if _has_ended(job)]:
                    running.remove(job)
                    free.append(job.device)
                    self._finish(job)
                    view.tell(job)
                    again = job.attempts <= self.limits.retries
                    if job.state == 'failed' and again:
                        job.state = 'waiting'
                        waiting.append(job)
                if time.monotonic() > end:
                    break
        finally:
            stop_processes([job.process for job in running])
            for job in running:
                job.state = 'waiting'

    def _check_data(self, job: Job) -> None:
        state = describe_data(job.resolved.cfg)
        require_same_data(job.data, state, job.name)

    def _finish(self, job: Job) -> None:
        """Read the result and write it down."""
        code = job.process.returncode
        job.process.stdin.close()
        job.state, job.reason = 'finished', ''
        try:
            if code:
                lines = last_lines(job.log, 60)
                raise ChildProcessError(explain_failure(code, lines))
            job.read_metrics()
            self._check_data(job)
        except (OSError, ValueError) as error:
            job.state, job.reason = 'failed', str(error)
        parents = {row.row.name: row.sha256 for row in self.rows}
        facts = dict(
            minutes=self.minutes,
            parent_sha256=parents.get(job.resolved.row.parent or '', ''),
            commit=find_commit(Path(job.resolved.row.config).parent),
            versions=find_versions(),
            hardware=describe_hardware(job.device),
        )
        beside = self.limits.jobs_per_device
        record = job.record(job.device, beside, facts)
        append_record(self.work_dir / NAME, record)


def _has_ended(job: Job) -> bool:
    return job.process.poll() is not None
