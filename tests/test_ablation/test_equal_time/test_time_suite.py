"""Rows train for as long, by a timing of their own."""

import json

import pytest
from rich.console import Console

from dense_scene.ablation.comparison.comparison import compare_rows
from dense_scene.ablation.comparison.formats import format_comparison
from dense_scene.ablation.comparison.results import read_results
from dense_scene.ablation.equal_time import time_rows
from dense_scene.ablation.queue.dry_run import format_plan
from dense_scene.ablation.queue.limits import Limits
from dense_scene.ablation.records.record import RunRecord, TimingRecord
from dense_scene.ablation.records.record_file import read_records
from dense_scene.ablation.speed.measure_rows import measure_rows
from dense_scene.ablation.suites.resolve import resolve_suite
from dense_scene.cli import main
from tests.test_ablation.fakes import SUITE, fake_suite, write_suite
from tests.test_ablation.test_queue.test_run_suite import run

# An iteration of 'two' takes twice that of 'one', 0.5 s.
MINUTES = (
    SUITE.replace('37}', '37, model.seconds: 1.0}').replace('[0, 1]', '[0]')
    + 'minutes: 0.5'
)


def records(work_dir, kind):
    found = read_records(work_dir / 'records.jsonl')
    return [record for record in found if isinstance(record, kind)]


def config_of(work_dir, row):
    namespace = {}
    exec((work_dir / f'{row}/config.py').read_text(), namespace)
    return namespace


def test_iterations_follow_from_the_timing(tmp_path):
    suite, launcher = fake_suite(tmp_path, MINUTES)
    work_dir = tmp_path / 'work'
    _, told = run(suite, launcher, work_dir)
    one, two = records(work_dir, TimingRecord)
    # The mean of the 25 iterations behind the 5 slow ones.
    assert one.seconds_per_iteration == pytest.approx(0.5)
    assert two.seconds_per_iteration == pytest.approx(1.0)
    assert 'two: 1 s an iteration' in told
    # 30 s: 60 iterations of 0.5 s in three epochs of 20, 30 in three of 10,
    # at two images each.
    for row, size in (('one', 40), ('two', 20)):
        cfg = config_of(work_dir, row)
        sampler = dict(type='EpochLengthSampler', size=size)
        assert cfg['train_dataloader']['sampler'] == sampler
        assert cfg['train_cfg']['max_epochs'] == 3
    # In the order in which they ended, which may be either.
    first, second = sorted(
        records(work_dir, RunRecord), key=lambda record: record.row
    )
    assert (first.iterations, second.iterations) == (60, 30)
    # Their five slow ones take 9 times 0.5 and 1.0 s longer.
    assert first.training_seconds == pytest.approx(30 + 5 * 4.5)
    assert second.training_seconds == pytest.approx(30 + 5 * 9)
    assert second.parent_sha256 == first.config_sha256
    diff = (work_dir / 'two/diff.txt').read_text()
    assert 'train_dataloader.sampler.size: 40 -> 20' in diff
    results = read_results(suite, work_dir)
    text = format_comparison(compare_rows(results, work_dir, 0))
    assert 'Each row was given 0.5 minutes of training' in text
    assert '| one | 60 | 0.500 | 0.9 |' in text


def test_a_warm_up_is_no_more_than_a_quarter(tmp_path):
    # 4.5 s are nine iterations of 'one', and warm-ups have four.
    suite, launcher = fake_suite(tmp_path, MINUTES)
    suite = suite.with_minutes(0.075)
    run(suite, launcher, tmp_path / 'work', rows=['one'])
    first, second = config_of(tmp_path / 'work', 'one')['param_scheduler']
    assert first['end'] == 2 and 'end' not in second


def test_a_row_is_timed_once(tmp_path):
    suite, launcher = fake_suite(tmp_path, MINUTES)
    work_dir = tmp_path / 'work'
    run(suite, launcher, work_dir, rows=['one'])
    assert [t.row for t in records(work_dir, TimingRecord)] == ['one']
    before = records(work_dir, RunRecord)
    jobs, _ = run(suite, launcher, work_dir)
    assert [t.row for t in records(work_dir, TimingRecord)] == ['one', 'two']
    assert records(work_dir, RunRecord)[:1] == before
    assert [job.state for job in jobs] == ['skipped', 'finished']


def test_other_minutes_need_another_folder(tmp_path):
    suite, launcher = fake_suite(tmp_path, MINUTES)
    work_dir = tmp_path / 'work'
    run(suite, launcher, work_dir, rows=['one'])
    longer = suite.with_minutes(2)
    limits = Limits(devices=['cpu'])
    for act in (
        lambda: run(longer, launcher, work_dir),
        lambda: measure_rows(longer, work_dir, limits),
        lambda: format_plan(longer, work_dir, limits, launcher),
    ):
        with pytest.raises(ValueError) as error:
            act()
        assert str(error.value) == (
            'minutes must be those of the runs in the folder, 0.5, but are '
            '2. Give --minutes, or another --work-dir.'
        )


def test_a_child_alone_has_its_parent_timed(tmp_path):
    suite, launcher = fake_suite(tmp_path, MINUTES)
    run(suite, launcher, tmp_path / 'work', rows=['two'])
    run(suite, launcher, tmp_path / 'work')
    assert len(read_results(suite, tmp_path / 'work').rows[1].runs) == 1


def test_a_plan_says_what_is_not_timed(tmp_path):
    suite, launcher = fake_suite(tmp_path, MINUTES)
    where = tmp_path / 'work', Limits(devices=['cpu'])
    plan = format_plan(suite, *where, launcher)
    assert plan.count('0.5 minutes, as many iterations as the timing') == 2
    run(suite, launcher, where[0], rows=['one'])
    plan = format_plan(suite, *where, launcher)
    assert '0.5 minutes, at 0.5 s an iteration' in plan
    assert "'EpochLengthSampler', 'size': 40}" in plan
    assert 'one, seed 0: finished' in plan and 'two, seed 0: to run' in plan


def test_a_row_that_cannot_be_timed_is_named_after_the_others(tmp_path):
    text = MINUTES.replace('37,', '37, model.fail: raise MemoryError,')
    suite, launcher = fake_suite(tmp_path, text)
    work_dir = tmp_path / 'work'
    message = r'must be timed, but two \(out of memory, .*two/log.txt\) was'
    with pytest.raises(ValueError, match=message):
        run(suite, launcher, work_dir)
    assert [t.row for t in records(work_dir, TimingRecord)] == ['one']
    run(suite, launcher, work_dir, rows=['one'])
    assert [r.row for r in records(work_dir, RunRecord)] == ['one']


@pytest.mark.parametrize(
    ('old', 'new', 'message'),
    [
        ('minutes: 0.5', 'minutes: 0', 'minutes must be a number above 0'),
        ('minutes: 0.5', 'minutes: .inf', 'minutes must be a number above 0'),
        ('minutes: 0.5', 'minutes: five', 'minutes'),
        # 0.6 s are 1.2 iterations of 0.5 s, for three epochs.
        ('minutes: 0.5', 'minutes: 0.01', 'one: minutes must be enough for 3'),
        (
            'model.seconds: 1.0',
            'train_cfg: {_delete_: true, max_iters: 9}',
            'two: .* must be trained by epochs',
        ),
    ],
)
def test_what_cannot_be_fitted_is_one_line(tmp_path, old, new, message):
    assert old in MINUTES
    with pytest.raises(ValueError, match=message) as error:
        suite, launcher = fake_suite(tmp_path, MINUTES.replace(old, new))
        run(suite, launcher, tmp_path / 'work')
    assert '\n' not in str(error.value)
    assert not records(tmp_path / 'work', RunRecord)


def test_a_timing_of_another_machine_is_refused(tmp_path, monkeypatch):
    suite, launcher = fake_suite(tmp_path, MINUTES)
    run(suite, launcher, tmp_path / 'work', rows=['one'])
    monkeypatch.setattr(time_rows, 'describe_hardware', lambda _: 'an abacus')
    with pytest.raises(ValueError, match='one must .* but this is an abacus'):
        run(suite, launcher, tmp_path / 'work')


def test_time_that_is_over_while_timing(tmp_path):
    text = MINUTES + '\noptions: {train_cfg.pause: 60}'
    suite, launcher = fake_suite(tmp_path, text)
    jobs, _ = run(suite, launcher, tmp_path / 'work', seconds=0.3)
    assert jobs == [] and not records(tmp_path / 'work', TimingRecord)


def test_a_slow_row_is_timed_by_fewer_iterations(tmp_path):
    # Ten iterations in an instant, and then none for ten minutes.
    slow = (
        "with open(scalars, 'a') as log: [print(json.dumps(dict(step=step, "
        'loss=1.0, time=9.0 if step < 6 else step)), file=log) '
        'for step in range(1, 11)]; log.flush(); time.sleep(600)'
    )
    text = MINUTES + f'\noptions: {json.dumps({"model.fail": slow})}'
    suite, launcher = fake_suite(tmp_path, text)
    timing = time_rows.Timing(
        tmp_path / 'work', 'cpu', launcher, {}, Console(), enough=0
    )
    assert timing.time_rows(resolve_suite(suite)[:1])
    (one,) = records(tmp_path / 'work', TimingRecord)
    # The sixth to the tenth took 6 to 10 s.
    assert (one.seconds_per_iteration, one.iterations) == (8, 5)


def test_the_command_only_times(tmp_path, monkeypatch, capsys):
    path = write_suite(tmp_path, MINUTES)
    scripts = dict(train=tmp_path / 'train.py', test=tmp_path / 'test.py')
    steps = [dict(argv=[str(scripts['train'])])]
    monkeypatch.setattr(
        'dense_scene.ablation.queue.launcher.Launcher.steps',
        lambda self, config, folder: [
            dict(
                argv=[
                    *steps[0]['argv'],
                    str(config),
                    '--work-dir',
                    str(folder),
                ]
            )
        ],
    )
    argv = ['ablation', 'run', str(path), '--time', '--devices', 'cpu']
    argv += ['--work-dir', str(tmp_path / 'work')]
    assert not main(argv)
    lines = (tmp_path / 'work/records.jsonl').read_text().splitlines()
    assert [json.loads(line)['type'] for line in lines] == ['timing'] * 2
    write_suite(tmp_path, SUITE)
    assert main([*argv, '--minutes', '1']) == 0
    assert main(argv) == 1
    assert '--time is for a suite with minutes' in capsys.readouterr().err
