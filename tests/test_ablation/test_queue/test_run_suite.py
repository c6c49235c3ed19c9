"""A suite runs to its end, whatever happens to its runs."""

import io
import json
import time

import pytest
from rich.console import Console

from dense_scene.ablation.queue import job as job_module
from dense_scene.ablation.queue import run_suite as run_suite_module
from dense_scene.ablation.queue.dry_run import format_plan
from dense_scene.ablation.queue.run_suite import Limits, own_folder, run_suite
from dense_scene.ablation.queue.summary import summarize_jobs
from dense_scene.ablation.records.record_file import (
    finished_runs,
    read_records,
)
from tests.test_ablation.fakes import SUITE, fake_suite, result


def run(suite, launcher, work_dir, **limits):
    limits = dict(devices=['cpu'], jobs_per_device=2, wait=0.02) | limits
    told = Console(file=io.StringIO(), width=200)
    jobs = run_suite(suite, work_dir, Limits(**limits), launcher, None, told)
    return jobs, told.file.getvalue()


def results(work_dir):
    runs = finished_runs(read_records(work_dir / 'records.jsonl'))
    return {key: r.metrics['coco/bbox_mAP_at100'] for key, r in runs.items()}


def interrupt_when(monkeypatch, condition, suite, launcher, work_dir, **more):
    """Run, and press Ctrl-C as soon as something is so."""
    sleep, pressed = time.sleep, []

    def look(seconds):
        sleep(seconds)
        if condition() and not pressed:
            pressed.append(True)
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(run_suite_module.time, 'sleep', look)
        with pytest.raises(KeyboardInterrupt):
            run(suite, launcher, work_dir, **more)


EXPECTED = {
    (name, seed): result(seed, factor)
    for name, factor in (('one', 31), ('two', 37))
    for seed in (0, 1)
}


def test_every_run_is_recorded_and_none_runs_twice(tmp_path):
    suite, launcher = fake_suite(tmp_path)
    work_dir = tmp_path / 'work'
    jobs, told = run(suite, launcher, work_dir)
    assert results(work_dir) == EXPECTED
    assert {job.state for job in jobs} == {'finished'}
    assert '[4/4]' in told and 'AP@300 0.5000' in told
    first = read_records(work_dir / 'records.jsonl')
    assert len(first) == 4
    one = first[0]
    assert set(one.data) == {'train.json', 'img/'}
    (folder,) = (
        job.folder
        for job in jobs
        if (job.resolved.row.name, job.seed) == (one.row, one.seed)
    )
    usage = json.loads((folder / 'usage.json').read_text())
    assert one.seconds == pytest.approx(usage['seconds'], abs=1e-3)
    assert {'torch', 'mmdet', 'python'} <= set(one.versions)
    assert one.jobs_per_device == 2 and not one.resumed
    by_row = {(r.row): r for r in first}
    assert by_row['two'].parent_sha256 == by_row['one'].config_sha256
    assert (work_dir / 'two/config.py').is_file()
    assert (work_dir / 'two/diff.txt').read_text() == (
        'model.factor: 31 -> 37\n'
    )
    jobs, _ = run(suite, launcher, work_dir)
    assert {job.state for job in jobs} == {'skipped'}
    assert read_records(work_dir / 'records.jsonl') == first
    more = suite.with_seeds([0, 1, 2])
    run(more, launcher, work_dir, rows=['two'])
    assert results(work_dir) == EXPECTED | {('two', 2): result(2, 37)}


def test_a_failure_stays_alone_and_is_told(tmp_path):
    text = SUITE.replace('37}', '37, model.fail: raise KeyError(5)}')
    suite, launcher = fake_suite(tmp_path, text)
    work_dir = tmp_path / 'work'
    jobs, told = run(suite, launcher, work_dir, retries=1)
    assert set(results(work_dir)) == {('one', 0), ('one', 1)}
    assert told.count('two, seed 0: failed, KeyError: 5') == 2
    summary = summarize_jobs(jobs, work_dir)
    assert 'two, seed 1 failed: KeyError: 5' in summary
    assert "exec(cfg['model']['fail'])" in summary
    assert '2 of 4 runs are finished' in summary and 'goes on' in summary
    failed = [
        r
        for r in read_records(work_dir / 'records.jsonl')
        if r.state == 'failed'
    ]
    assert len(failed) == 4 and failed[0].last_lines[-1] == 'KeyError: 5'


@pytest.mark.parametrize(
    ('code', 'reason'),
    [
        ('raise MemoryError()', 'out of memory'),
        ('raise OSError(28, "No space left on device")', 'the disk is full'),
        ('os.kill(os.getpid(), 9)', 'ended by SIGKILL, as by a system out'),
        ('os._exit(3)', 'exit code 3'),
    ],
)
def test_the_reason_has_a_name(tmp_path, code, reason):
    text = SUITE.replace('37}', f"37, model.fail: '{code}'}}")
    suite, launcher = fake_suite(tmp_path, text)
    jobs, _ = run(suite.with_seeds([0]), launcher, tmp_path / 'w')
    assert jobs[1].state == 'failed' and jobs[1].reason.startswith(reason)


LONG = SUITE + 'options: {train_cfg.pause: 0.1, train_cfg.max_epochs: 6}'


def test_a_limit_of_time_stops_and_the_same_call_goes_on(tmp_path):
    # Six pauses of 0.1 s take longer than the limit, on any machine.
    suite, launcher = fake_suite(tmp_path, LONG)
    suite, work_dir = suite.with_seeds([0]), tmp_path / 'work'
    jobs, _ = run(suite, launcher, work_dir, seconds=0.3)
    assert {job.state for job in jobs} == {'waiting'}
    assert all(job.process.poll() is not None for job in jobs)
    assert read_records(work_dir / 'records.jsonl') == []
    run(suite, launcher, work_dir)
    assert results(work_dir) == {
        ('one', 0): result(0, 31, 6),
        ('two', 0): result(0, 37, 6),
    }


@pytest.mark.parametrize('pointer', [None, ''])
def test_a_run_goes_on_from_a_moved_folder_and_a_cut_pointer(
    tmp_path, monkeypatch, pointer
):
    suite, launcher = fake_suite(tmp_path, LONG)
    suite = suite.with_seeds([0])
    second = tmp_path / 'old/one/0/epoch_2.pth'
    given = suite, launcher, tmp_path / 'old'
    interrupt_when(monkeypatch, second.exists, *given, rows=['one'])
    (tmp_path / 'old').rename(tmp_path / 'new')
    folder = tmp_path / 'new/one/0'
    if pointer is not None:
        (folder / 'last_checkpoint').write_text(pointer)
    run(suite, launcher, tmp_path / 'new', rows=['one'])
    (record,) = read_records(tmp_path / 'new/records.jsonl')
    assert record.resumed and record.attempts == 2
    log = (folder / 'log.txt').read_text()
    assert [log.count(f'[{epoch}][1/1]') for epoch in (1, 2, 6)] == [1] * 3
    assert results(tmp_path / 'new') == {('one', 0): result(0, 31, 6)}


def test_an_interrupted_run_can_begin_anew(tmp_path, monkeypatch):
    suite, launcher = fake_suite(tmp_path, LONG)
    suite, work_dir = suite.with_seeds([0]), tmp_path / 'work'
    given = suite, launcher, work_dir
    first = work_dir / 'one/0/epoch_1.pth'
    interrupt_when(monkeypatch, first.exists, *given, rows=['one'])
    run(*given, restart=True, rows=['one'])
    (record,) = read_records(work_dir / 'records.jsonl')
    assert not record.resumed and record.attempts == 1
    assert results(work_dir) == {('one', 0): result(0, 31, 6)}


def test_ctrl_c_leaves_no_process(tmp_path, monkeypatch):
    text = SUITE + 'options: {train_cfg.pause: 60}'
    suite, launcher = fake_suite(tmp_path, text)
    processes, start = [], job_module.start_process
    monkeypatch.setattr(
        job_module,
        'start_process',
        lambda *args: processes.append(start(*args)) or processes[-1],
    )
    given = suite, launcher, tmp_path / 'work'
    interrupt_when(monkeypatch, lambda: len(processes) == 2, *given)
    assert [process.poll() is None for process in processes] == [False] * 2


def test_data_that_changed_are_refused(tmp_path):
    suite, launcher = fake_suite(tmp_path)
    work_dir = tmp_path / 'work'
    run(suite, launcher, work_dir, rows=['one'])
    (tmp_path / 'data/train.json').write_text('[2]')
    with pytest.raises(ValueError, match='one, seed 0 .*train.json has'):
        run(suite, launcher, work_dir)
    assert len(results(work_dir)) == 2


def test_data_that_change_while_a_run_takes_place_are_no_result(tmp_path):
    code = f'open("{tmp_path}/data/img/new.png", "w").close()'
    text = SUITE.replace('37}', f"37, model.fail: '{code}'}}")
    suite, launcher = fake_suite(tmp_path, text)
    jobs, _ = run(
        suite.with_seeds([0]), launcher, tmp_path / 'w', rows=['two']
    )
    assert jobs[0].state == 'failed' and 'img/ has changed' in jobs[0].reason


def test_a_checkpoint_of_another_config_is_refused(tmp_path):
    suite, launcher = fake_suite(tmp_path)
    work_dir = tmp_path / 'work'
    run(suite, launcher, work_dir)
    changed, _ = fake_suite(tmp_path, SUITE.replace('37', '41'))
    with pytest.raises(ValueError, match='two/0 must hold a checkpoint of'):
        run(changed, launcher, work_dir)
    assert results(work_dir) == EXPECTED
    run(changed, launcher, tmp_path / 'other')


def test_two_at_a_time_are_refused(tmp_path):
    suite, launcher = fake_suite(tmp_path)
    with (
        own_folder(tmp_path / 'work'),
        pytest.raises(ValueError, match='one command at a time'),
    ):
        run(suite, launcher, tmp_path / 'work')


def test_a_plan_shows_options_differences_and_states(tmp_path):
    suite, launcher = fake_suite(tmp_path)
    where = tmp_path / 'work', Limits(devices=['cpu'])
    plan = format_plan(suite, *where, launcher)
    assert '  option  model.factor: 31 -> 37' in plan
    assert '  1 differences from one' in plan
    assert plan.count(': to run') == 4 and 'train.py' in plan
    assert not (tmp_path / 'work').exists()
    run(suite, launcher, where[0], rows=['one'])
    plan = format_plan(suite, *where, launcher)
    assert 'one, seed 0: finished' in plan and 'two, seed 0: to run' in plan


def test_an_unknown_row_and_device_are_named(tmp_path):
    suite, launcher = fake_suite(tmp_path)
    with pytest.raises(ValueError, match="no row 'tow'. Did you mean 'two'"):
        run(suite, launcher, tmp_path / 'work', rows=['tow'])
    with pytest.raises(ValueError, match="but got 'gpu'"):
        run(suite, launcher, tmp_path / 'work', devices=['gpu'])
