"""Run all rows of a suite with all seeds."""

import fcntl
import os
import shutil
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from ...utils import checks
from ..records.machine import describe_hardware, find_commit, find_versions
from ..records.record_file import (
    NAME,
    append_record,
    finished_runs,
    read_records,
)
from ..runs.progress import last_lines
from ..suites.data_state import describe_data, require_same_data
from ..suites.read import near_match
from ..suites.resolve import ResolvedRow, resolve_suite, write_row
from ..suites.suite import Suite
from .devices import device_environment, find_devices
from .failures import explain_failure
from .job import Job
from .launcher import Launcher
from .live import LiveView
from .processes import stop_processes

_WAIT = 0.2


@dataclass(frozen=True)
class Limits:
    """How many at a time, how often, how long.

    Args:
        devices (Sequence[str], optional): Of :func:`find_devices`.
        rows (Sequence[str], optional): Names. Defaults to None: all.
        jobs_per_device (int): Runs beside each other. Defaults to 1.
        retries (int): Of a failed run. Defaults to 0.
        restart (bool): Whether an interrupted run begins anew instead of
            going on. Defaults to False.
        seconds (float): After which all is stopped. Defaults to inf.
        wait (float): Seconds from one look at the processes to the next.
    """

    devices: Sequence[str] | None = None
    rows: Sequence[str] | None = None
    jobs_per_device: int = 1
    retries: int = 0
    restart: bool = False
    seconds: float = float('inf')
    wait: float = _WAIT

    def __post_init__(self) -> None:
        checks.positive_integer('jobs_per_device', self.jobs_per_device)
        checks.integer('retries', self.retries, 0)
        checks.number('time_limit', self.seconds, '(0, inf]')


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
        if name not in known_names:
            hint = near_match(name, known_names)
            raise ValueError(f'there is no row {name!r}. {hint}'.rstrip())
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
        list[Job]: All runs, in the order of the queue.

    Raises:
        ValueError, OSError: Of suite, data and folder, in one line.
        KeyboardInterrupt: After Ctrl-C, with all processes ended.
    """
    limits, launcher = limits or Limits(), launcher or Launcher()
    work_dir = Path(work_dir)
    rows = resolve_suite(suite)
    devices = find_devices(limits.devices, launcher.gpus, launcher.kind)
    with own_folder(work_dir):
        jobs = plan_jobs(suite, work_dir, rows, limits.rows)
        for row in rows:
            write_row(row, work_dir / row.row.slug)
        queue = _Queue(work_dir, rows, devices, limits, launcher)
        queue.env = dict(os.environ if env is None else env)
        with LiveView(jobs, console or Console(stderr=True)) as view:
            queue.run(jobs, view)
    return jobs


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


@dataclass(eq=False)
class _Queue:
    work_dir: Path
    rows: Sequence[ResolvedRow]
    devices: Sequence[str]
    limits: Limits
    launcher: Launcher
    env: dict[str, str] = field(default_factory=dict)

    def run(self, jobs: Sequence[Job], view: LiveView) -> None:
        waiting = deque(job for job in jobs if job.state == 'waiting')
        free = list(self.devices) * self.limits.jobs_per_device
        at_once = len(free)
        running: list[Job] = []
        end = time.monotonic() + self.limits.seconds
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
