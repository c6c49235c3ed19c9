"""SIGKILL at any moment, then the same command: the same table."""

import multiprocessing
import os
import random
import signal
import sys
import time

import pytest

from dense_scene.ablation.queue.job import Job
from tests.test_ablation.fakes import SUITE, fake_suite
from tests.test_ablation.test_queue.test_run_suite import (
    EXPECTED,
    results,
    run,
)

MOMENTS = 20


def test_killed_at_twenty_moments_ends_in_the_same_results(tmp_path):
    suite, launcher = fake_suite(tmp_path)
    fork = multiprocessing.get_context('fork')
    generator = random.Random(0)
    kills, work_dir = 0, tmp_path / '0'
    while kills < MOMENTS:
        child = fork.Process(target=run, args=(suite, launcher, work_dir))
        child.start()
        # From before the first process to after the last: a run of all four
        # takes about a second.
        child.join(generator.uniform(0, 0.6))
        if child.is_alive():
            os.kill(child.pid, signal.SIGKILL)
            child.join()
            kills += 1
        elif results(work_dir) == EXPECTED:
            work_dir = tmp_path / str(kills)
    run(suite, launcher, work_dir)
    for folder in {tmp_path / '0', work_dir}:
        assert results(folder) == EXPECTED


@pytest.mark.skipif(sys.platform != 'linux', reason='looks into /proc')
def test_a_run_ends_with_its_runner(tmp_path):
    text = SUITE + 'options: {train_cfg.pause: 60}'
    suite, launcher = fake_suite(tmp_path, text)
    work_dir = tmp_path / 'work'
    fork = multiprocessing.get_context('fork')
    child = fork.Process(target=run, args=(suite, launcher, work_dir))
    child.start()
    locks = [work_dir / name / '0/.lock' for name in ('one', 'two')]
    _wait(lambda: all(lock.exists() for lock in locks))
    _wait(lambda: len(_holders(work_dir)) == 2)
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    _wait(lambda: not _holders(work_dir))


def _holders(folder):
    """Processes whose command names a file of the folder."""
    found = []
    for entry in os.listdir('/proc'):
        if entry.isdigit():
            try:
                with open(f'/proc/{entry}/cmdline', 'rb') as file:
                    line = file.read()
            except OSError:
                continue
            if str(folder).encode() in line and b'stock_scripts' in line:
                found.append(entry)
    return found


def _wait(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_folder_that_moved_keeps_its_checkpoint(tmp_path):
    suite, launcher = fake_suite(tmp_path)
    run(suite, launcher, tmp_path / 'work', rows=['one'])
    (tmp_path / 'work').rename(tmp_path / 'new')
    jobs, _ = run(suite, launcher, tmp_path / 'new')
    assert isinstance(jobs[0], Job) and jobs[0].state == 'skipped'
    assert results(tmp_path / 'new') == EXPECTED
