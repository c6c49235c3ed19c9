"""What a suite would run, and what its options change."""

from collections.abc import Iterator
from pathlib import Path

from ..equal_time.fit import find_timings, fit_rows
from ..records.record import TimingRecord
from ..records.record_file import NAME, read_records
from ..suites.resolve import ResolvedRow, resolve_suite
from ..suites.suite import Suite
from .devices import find_devices
from .launcher import Launcher
from .limits import Limits
from .run_suite import plan_jobs
from .stock_scripts import find_checkpoint


def format_plan(
    suite: Suite, work_dir: Path, limits: Limits, launcher: Launcher
) -> str:
    """Rows with their differences and options, runs with their state.

    An option is shown as it is found in the resolved config, after the config
    was written as Python and read again.
    """
    return '\n'.join(_lines(suite, work_dir, limits, launcher))


def _lines(
    suite: Suite, work_dir: Path, limits: Limits, launcher: Launcher
) -> Iterator[str]:
    rows = resolve_suite(suite)
    records = read_records(work_dir / NAME)
    timed = find_timings(records, rows)
    rows = fit_rows(suite, rows, records, launcher.gpus)
    jobs = plan_jobs(suite, work_dir, rows, limits.rows)
    for row in rows:
        yield f'{row.row.name}: {row.row.config}'
        yield f'  config {row.sha256[:12]}, seeds {_list(suite.seeds)}'
        if suite.minutes:
            yield f'  {suite.minutes:g} minutes, {_length(row, timed)}'
        for line in row.overrides:
            yield f'  option  {line}'
        against = row.row.parent or 'its file'
        yield f'  {len(row.diff)} differences from {against}'
        for line in row.diff:
            yield f'    {line}'
    devices = find_devices(limits.devices, launcher.gpus, launcher.kind)
    at_once = limits.jobs_per_device * len(devices)
    yield f'{len(jobs)} runs, {at_once} at a time on {_list(devices)}:'
    for job in jobs:
        state = 'to run'
        if job.state == 'skipped':
            state = 'finished'
        elif find_checkpoint(job.folder):
            state = 'to be resumed'
        yield f'  {job.name}: {state}'
    if jobs:
        yield 'The commands of the first:'
        job = jobs[0]
        for step in launcher.steps(job.config, job.folder):
            yield f'  {" ".join(step["argv"])}'


def _length(row: ResolvedRow, timed: dict[str, TimingRecord]) -> str:
    timing = timed.get(row.row.name)
    if timing is None:
        return 'as many iterations as the timing before the first run says'
    return f'at {timing.seconds_per_iteration:.4g} s an iteration'


def _list(values) -> str:
    return ', '.join(map(str, values))
