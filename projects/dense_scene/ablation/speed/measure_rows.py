"""Measure the rows of a suite, one after the other."""

import json
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from ..equal_time.fit import fit_rows
from ..queue.devices import device_environment, find_devices
from ..queue.failures import explain_failure
from ..queue.job import Job
from ..queue.limits import Limits
from ..queue.own_folder import own_folder
from ..queue.processes import start_process, stop_processes
from ..queue.run_suite import plan_jobs
from ..queue.stock_scripts import find_checkpoint
from ..records.machine import (
    describe_hardware,
    find_commit,
    find_versions,
    utc_now,
)
from ..records.record import SpeedRecord
from ..records.record_file import NAME, append_record, read_records, speeds
from ..runs.progress import last_lines
from ..suites.resolve import resolve_suite
from ..suites.suite import Suite

_SCRIPT = Path(__file__).with_name('measure_speed.py')


def measure_rows(
    suite: Suite,
    work_dir: str | os.PathLike,
    limits: Limits | None = None,
    env: dict[str, str] | None = None,
    console: Console | None = None,
    images: int = 50,
    warmup: int = 10,
    gpus: int = 1,
) -> list[str]:
    """Measure each finished row that has not been, on the first device.

    One process at a time, so that nothing distorts it: other work of the
    machine should rest, and its load average goes into the record.

    Args:
        suite, work_dir, limits, env, console: Of :func:`run_suite`.
        images (int): That are timed. Defaults to 50.
        warmup (int): Before them. Defaults to 10.
        gpus (int): Of each run, which the length of a training in a suite
            with ``minutes`` depends on. Defaults to 1.

    Returns:
        list[str]: A line for each row that could not be measured.
    """
    limits, work_dir = limits or Limits(), Path(work_dir)
    console = console or Console(stderr=True)
    device = find_devices(limits.devices, 1, 'none')[0]
    rows = resolve_suite(suite)
    rows = fit_rows(suite, rows, read_records(work_dir / NAME), gpus)
    hashes = {row.row.name: row.sha256 for row in rows}
    with own_folder(work_dir):
        known = speeds(read_records(work_dir / NAME), hashes)
        jobs, failed = [], []
        for job in _one_of_each(plan_jobs(suite, work_dir, rows, limits.rows)):
            name = job.resolved.row.name
            if name in known:
                continue
            if job.state == 'skipped' and find_checkpoint(job.folder):
                jobs.append(job)
            else:
                failed.append(f'{name}: no finished run with a checkpoint')
        given = device_environment(device, env or dict(os.environ), 1)
        measuring = _Measuring(work_dir, device, given, console)
        end = time.monotonic() + limits.seconds
        # The memory of a process is that of all rows which it measured; a
        # GPU can forget, and a start takes longer than a row.
        size = 1 if device == 'cpu' else len(jobs)
        for first in range(0, len(jobs), size or 1):
            part = jobs[first : first + size]
            failed += measuring.run(part, images, warmup, end)
    return failed


def _one_of_each(jobs: Sequence[Job]) -> list[Job]:
    """A finished run of each row, where there is one."""
    chosen: dict[str, Job] = {}
    for job in jobs:
        name = job.resolved.row.name
        if name not in chosen or chosen[name].state != 'skipped':
            chosen[name] = job
    return list(chosen.values())


@dataclass(frozen=True)
class _Measuring:
    work_dir: Path
    device: str
    env: dict[str, str]
    console: Console

    def run(
        self, jobs: Sequence[Job], images: int, warmup: int, end: float
    ) -> list[str]:
        """Measure in one process, and record what it says as it comes."""
        folder = self.work_dir / 'speed'
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        load, log = os.getloadavg()[0], folder / 'log.txt'
        outs = {job: folder / f'{job.resolved.row.slug}.json' for job in jobs}
        tasks = [
            dict(
                config=str(job.config),
                checkpoint=str(find_checkpoint(job.folder)),
                out=str(out),
            )
            for job, out in outs.items()
        ]
        argv = [str(_SCRIPT), str(folder / 'tasks.json')]
        argv += [str(images), str(warmup)]
        spec = dict(folder=str(folder), steps=[dict(argv=argv)])
        (folder / 'tasks.json').write_text(json.dumps(tasks))
        (folder / 'steps.json').write_text(json.dumps(spec))
        process = start_process([folder / 'steps.json'], log, self.env)
        code, failed = None, []
        try:
            while code is None and time.monotonic() < end:
                time.sleep(0.2)
                code = process.poll()
                for job in [j for j, out in outs.items() if out.exists()]:
                    failed += self._record(job, outs.pop(job), load)
        finally:
            stop_processes([process])
        reason = 'the time was over'
        if code is not None:
            reason = explain_failure(code, last_lines(log, 60))
        names = [job.resolved.row.name for job in outs]
        return [*failed, *(f'{name}: {reason}' for name in names)]

    def _record(self, job: Job, out: Path, load: float) -> list[str]:
        values = json.loads(out.read_text())
        name = job.resolved.row.name
        if 'error' in values:
            return [f'{name}: {values["error"]}']
        record = SpeedRecord(
            row=name,
            seed=job.seed,
            ended=utc_now(),
            config_sha256=job.resolved.sha256,
            load=load,
            device=self.device,
            commit=find_commit(Path(job.resolved.row.config).parent),
            versions=find_versions(),
            hardware=describe_hardware(self.device),
            **values,
        )
        append_record(self.work_dir / NAME, record)
        line = f'{name}: {record.fps:.1f} images/s, of the model '
        line += f'{record.fps_model:.1f}'
        self.console.print(line, markup=False, highlight=False)
        return []
