"""What a person sees while runs take place."""

import io

from rich.console import Console

from dense_scene.ablation.queue.job import Job
from dense_scene.ablation.queue.live import LiveView
from dense_scene.ablation.suites.resolve import resolve_suite
from tests.test_ablation.fakes import fake_suite
from tests.test_ablation.test_runs.test_progress import LOG


def make_jobs(folder):
    rows = resolve_suite(fake_suite(folder)[0])
    jobs = [
        Job(row, seed, folder / row.row.slug / str(seed))
        for seed in (0, 1)
        for row in rows
    ]
    jobs[0].state, jobs[0].device = 'running', 'cpu'
    jobs[0].folder.mkdir(parents=True)
    jobs[0].log.write_text(LOG)
    jobs[1].state, jobs[1].reason = 'failed', 'out of memory'
    jobs[2].state = 'skipped'
    return jobs


def view(jobs, **console):
    console = Console(file=io.StringIO(), width=100, **console)
    return LiveView(jobs, console), console


def test_a_terminal_gets_a_table(tmp_path):
    jobs = make_jobs(tmp_path)
    live, console = view(jobs, force_terminal=True, color_system=None)
    with live:
        live.tell(jobs[0])
    text = console.file.getvalue()
    assert '1 running, 1 failed, 1 skipped, 1 waiting' in text
    line = next(x for x in text.splitlines() if 'one, seed 0' in x)
    for cell in ('running on cpu', 'train 3 60/60', '0:00:20', '1.5', '815'):
        assert cell in line
    assert '0.6230' in line
    assert 'out of memory' in text and 'one, seed 1' not in text


def test_a_small_terminal_is_enough(tmp_path):
    jobs = make_jobs(tmp_path)
    live, console = view(
        jobs, force_terminal=True, color_system=None, height=8
    )
    with live:
        pass
    assert 'one, seed 0' in console.file.getvalue()


def test_without_a_terminal_there_are_lines(tmp_path):
    jobs = make_jobs(tmp_path)
    live, console = view(jobs)
    with live:
        for job in jobs[:2]:
            live.tell(job)
    assert console.file.getvalue().splitlines() == [
        '[1/4] one, seed 0: running on cpu',
        '[1/4] two, seed 0: failed, out of memory',
    ]
