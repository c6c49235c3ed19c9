"""Measure the rows of a suite, one after the other."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from ..queue.devices import device_environment, find_devices
from ..queue.failures import explain_failure
from ..queue.job import Job, start_process, utc_now
from ..queue.run_suite import Limits, own_folder, plan_jobs
from ..queue.stock_scripts import find_checkpoint
from ..records.machine import describe_hardware, find_commit, find_versions
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
) -> list[str]:
    """Measure each finished row that has not been, on the first device.

    One process at a time, so that nothing distorts it: other work of the
    machine should rest, and its load average goes into the record.

    Args:
        suite, work_dir, limits, env, console: Of :func:`run_suite`.
        images (int): That are timed. Defaults to 50.
        warmup (int): Before them. Defaults to 10.

    Returns:
        list[str]: A line for each row that could not be measured.
    """
    limits, work_dir = limits or Limits(), Path(work_dir)
    console = console or Console(stderr=True)
    device = find_devices(limits.devices, 1, 'none')[0]
    rows = resolve_suite(suite)
    hashes = {row.row.name: row.sha256 for row in rows}
    failed = []
    with own_folder(work_dir):
        known = speeds(read_records(work_dir / NAME), hashes)
        for job in _one_of_each(plan_jobs(suite, work_dir, rows, limits.rows)):
            name = job.resolved.row.name
            if name in known:
                continue
            checkpoint = find_checkpoint(job.folder)
            if job.state != 'skipped' or checkpoint is None:
                failed.append(f'{name}: no finished run with a checkpoint')
                continue
            given = device_environment(device, env or dict(os.environ), 1)
            try:
                record = _measure(
                    job, checkpoint, device, given, images, warmup
                )
            except ChildProcessError as error:
                failed.append(f'{name}: {error}')
                continue
            append_record(work_dir / NAME, record)
            line = f'{name}: {record.fps:.1f} images/s, of the model '
            line += f'{record.fps_model:.1f}'
            console.print(line, markup=False, highlight=False)
    return failed


def _one_of_each(jobs: Sequence[Job]) -> list[Job]:
    """A finished run of each row, where there is one."""
    chosen: dict[str, Job] = {}
    for job in jobs:
        name = job.resolved.row.name
        if name not in chosen or chosen[name].state != 'skipped':
            chosen[name] = job
    return list(chosen.values())


def _measure(
    job: Job,
    checkpoint: Path,
    device: str,
    env: dict[str, str],
    images: int,
    warmup: int,
) -> SpeedRecord:
    folder = job.folder.parent / 'speed'
    folder.mkdir(parents=True, exist_ok=True)
    out, log = folder / 'speed.json', folder / 'log.txt'
    out.unlink(missing_ok=True)
    log.unlink(missing_ok=True)
    load = os.getloadavg()[0]
    numbers = map(str, (out, images, warmup))
    argv = [str(_SCRIPT), str(job.config), str(checkpoint), *numbers]
    steps = dict(folder=str(folder), steps=[dict(argv=argv)])
    (folder / 'steps.json').write_text(json.dumps(steps))
    process = start_process([folder / 'steps.json'], log, env)
    try:
        code = process.wait()
    finally:
        job.process = process
        job.stop()
    if code:
        raise ChildProcessError(explain_failure(code, last_lines(log, 60)))
    return SpeedRecord(
        row=job.resolved.row.name,
        seed=job.seed,
        ended=utc_now(),
        config_sha256=job.resolved.sha256,
        load=load,
        device=device,
        commit=find_commit(Path(job.resolved.row.config).parent),
        versions=find_versions(),
        hardware=describe_hardware(device),
        **json.loads(out.read_text()),
    )
