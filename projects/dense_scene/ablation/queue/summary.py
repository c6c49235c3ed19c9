"""What a run of a suite came to, in words."""

from collections.abc import Sequence
from pathlib import Path

from ..runs.progress import last_lines
from .job import Job

_LINES = 12


def summarize_jobs(jobs: Sequence[Job], work_dir: Path) -> str:
    """Counts; of each failure the reason and the last lines of its log."""
    parts = []
    for job in jobs:
        if job.state == 'failed':
            lines = last_lines(job.log, _LINES)
            indented = '\n'.join(f'    {line}' for line in lines)
            where = f'{job.name} failed: {job.reason} ({job.log})'
            parts.append(f'{where}\n{indented}')
    done = sum(job.state in ('finished', 'skipped') for job in jobs)
    text = f'{done} of {len(jobs)} runs are finished in {work_dir}'
    if done < len(jobs):
        text += '; the same command goes on from here'
    return '\n'.join([*parts, f'{text}.'])
