"""Running, tables and reports of ablations from the command line."""

import signal

import pytest

from dense_scene.ablation.queue import launcher
from dense_scene.cli.options import find_config
from tests.test_ablation.fakes import SUITE, write_suite


@pytest.fixture
def given(tmp_path, monkeypatch):
    """A suite whose scripts are fakes, and the arguments for it."""
    path = write_suite(tmp_path)
    monkeypatch.setattr(launcher, '_script', lambda name: tmp_path / name)
    monkeypatch.setattr(signal, 'signal', lambda *_: None)
    return path, '--work-dir', tmp_path / 'work'


def test_run_table_and_report(cli, given, tmp_path):
    status, out, _ = cli('ablation', 'run', *given, '--dry-run')
    assert status == 0 and 'model.factor: 31 -> 37' in out
    devices = '--devices', 'cpu', '--jobs-per-device', 2
    status, out, error = cli('ablation', 'run', *given, *devices)
    assert status == 0, error
    assert '4 of 4 runs are finished' in out and 'seed 1: finished' in error
    status, out, _ = cli('ablation', 'table', *given, '--format', 'csv')
    assert status == 0 and out.startswith('row,parent,metric')
    assert len(out.splitlines()) == 3
    table = tmp_path / 'new/table.md'
    status, out, _ = cli('ablation', 'table', *given, '--out', table)
    assert (status, out) == (0, '') and '| two | ' in table.read_text()
    few = '--metrics', 'coco/bbox_mAP_at10', '--resamples', 0
    status, _, error = cli('ablation', 'table', *given, *few)
    assert status == 1 and "Did you mean 'coco/bbox_mAP_at100'?" in error


def test_a_failed_run_is_code_1(cli, given):
    path = given[0]
    path.write_text(SUITE.replace('37}', '37, model.fail: 1 / 0}'))
    status, out, _ = cli('ablation', 'run', *given, '--seeds', 0)
    assert status == 1 and 'two, seed 0 failed: ZeroDivisionError' in out
    assert '1 of 2 runs are finished' in out and 'goes on' in out


def test_faults_are_one_line(cli, given):
    path = given[0]
    path.write_text(SUITE.replace('factor: 37', 'fcator: 37'))
    status, _, error = cli('ablation', 'run', *given, '--dry-run')
    assert status == 1 and error.count('\n') == 1
    assert "Did you mean 'factor'?" in error
    status, _, error = cli('ablation', 'table', *given, '--format', 'x')
    assert status == 1 and "one of 'markdown', 'csv', 'latex'" in error
    status, _, error = cli('ablation', 'run', *given, '--time-limit', '0')
    assert status == 1 and 'time_limit must be a number in (0, inf]' in error


def test_a_suite_may_be_a_name_of_ours(cli, tmp_path):
    where = '--work-dir', tmp_path
    status, _, error = cli('ablation', 'table', 'no-such', *where)
    assert status == 1 and 'suites/no-such.yml' in error
    name = find_config('suites/table1.yml')
    for suite in ('table1', name):
        status, out, _ = cli('ablation', 'table', suite, *where)
        assert status == 0 and out.count('not run') > 20
        assert '| + balanced L1 | 0.413 | not run | dense sampling |' in out


def test_usage(cli, capsys):
    with pytest.raises(SystemExit) as stop:
        cli('ablation')
    assert stop.value.code == 2
    with pytest.raises(SystemExit) as stop:
        cli('ablation', 'run', '--help')
    assert stop.value.code == 0
    assert '--jobs-per-device' in capsys.readouterr().out
