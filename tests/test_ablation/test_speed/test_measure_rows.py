"""Rows are measured once, and one that cannot be stops no other."""

import io

import pytest
from rich.console import Console

from dense_scene.ablation.records.record_file import read_records, speeds
from dense_scene.ablation.speed import measure_rows as module
from dense_scene.ablation.speed.measure_rows import measure_rows
from tests.test_ablation.fakes import fake_suite
from tests.test_ablation.test_queue.test_run_suite import Limits, run

FAKE = """\
import json, pathlib, sys
for task in json.loads(pathlib.Path(sys.argv[1]).read_text()):
    assert pathlib.Path(task['checkpoint']).is_file()
    result = dict(
        fps=2.0, fps_model=3.0, images=int(sys.argv[2]),
        warmup=int(sys.argv[3]), image_shape=[8, 8], parameters=5, gmacs=0.1,
        memory_mb=7.0)
    if 'two' in task['out']:
        {action}
    pathlib.Path(task['out']).write_text(json.dumps(result))
"""


def measure(suite, work_dir, **limits):
    console = Console(file=io.StringIO())
    limits = Limits(devices=['cpu'], **limits)
    return measure_rows(suite, work_dir, limits, None, console)


@pytest.mark.parametrize(
    ('action', 'reason'),
    [
        ('result = dict(error="ValueError: x")', 'ValueError: x'),
        ('raise MemoryError', 'out of memory'),
    ],
)
def test_each_row_once(tmp_path, monkeypatch, action, reason):
    suite, launcher = fake_suite(tmp_path)
    work_dir = tmp_path / 'work'
    script = tmp_path / 'measure.py'
    monkeypatch.setattr(module, '_SCRIPT', script)
    script.write_text(FAKE.format(action=action))
    assert measure(suite, work_dir) == [
        'one: no finished run with a checkpoint',
        'two: no finished run with a checkpoint',
    ]
    run(suite, launcher, work_dir)
    assert measure(suite, work_dir) == [f'two: {reason}']
    first = read_records(work_dir / 'records.jsonl')
    assert speeds(first)['one'].fps_model == 3.0
    assert measure(suite, work_dir, rows=['one']) == []
    assert read_records(work_dir / 'records.jsonl') == first
    script.write_text(FAKE.format(action='pass'))
    assert measure(suite, work_dir) == []
    assert set(speeds(read_records(work_dir / 'records.jsonl'))) == {
        'one',
        'two',
    }


def test_time_that_is_over_is_said(tmp_path, monkeypatch):
    suite, launcher = fake_suite(tmp_path)
    run(suite, launcher, tmp_path / 'work')
    script = tmp_path / 'measure.py'
    monkeypatch.setattr(module, '_SCRIPT', script)
    script.write_text('import time; time.sleep(60)')
    failed = measure(suite, tmp_path / 'work', seconds=0.5)
    assert failed == ['one: the time was over', 'two: the time was over']
