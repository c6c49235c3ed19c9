"""`make gpu` on the CPU: every section measures, and none takes another."""

import json
import subprocess
import sys

import pytest

from benchmarks import gpu


@pytest.mark.slow
def test_every_section_measures(tmp_path, root):
    command = [sys.executable, root / 'benchmarks/gpu.py', '--dry']
    subprocess.run([*command, '--out', tmp_path], check=True)
    results = json.loads((tmp_path / 'gpu.json').read_text())
    assert list(results['sections']) == list(gpu.SECTIONS)
    for name, section in results['sections'].items():
        assert section['became'] == 'done'
        assert section['rows'], name
        for row in section['rows']:
            assert not any(key.endswith('error') for key in row), row
            # Where there are two sides they agree.
            assert row.get('equal', True), row
    [tests] = results['sections']['tests']['rows']
    assert tests['passed'] > 10 and tests['failed'] == 0


def arguments_for(tmp_path, *more):
    return gpu.parse(['--out', str(tmp_path), '--device', 'cpu', *more])


def test_a_section_that_hangs_is_ended(tmp_path):
    # A second in all: not even torch is imported by then.
    became = gpu.start_section(
        'matching', arguments_for(tmp_path), 1 - gpu.GRACE
    )
    assert became == 'ended after 1 s'


def test_a_section_that_fails_says_why(tmp_path):
    args = arguments_for(tmp_path)
    args.device = 'nowhere'
    became = gpu.start_section('matching', args, 60)
    assert became.startswith('exit status 1: RuntimeError'), became


def test_a_measurement_that_fails_is_a_row(tmp_path):
    from benchmarks.on_gpu.bench import Bench

    bench = Bench(tmp_path / 'x.json', 'cpu', 60, dry=True)
    with bench.row('first'):
        raise ValueError('why\nnot')
    bench.compare('second', lambda: 1, lambda: 1 / 0)
    bench.compare('third', lambda: 1, lambda: 2, lambda a, b: a == b)
    rows = json.loads(bench.file.read_text())
    assert rows[0] == dict(name='first', error='ValueError: why not')
    assert rows[1]['peer_error'].startswith('ZeroDivisionError')
    assert rows[1]['ours_runs'] == 1 and 'times_as_fast' not in rows[1]
    assert rows[2]['equal'] is False and rows[2]['times_as_fast'] > 0


def test_no_row_is_begun_after_the_time(tmp_path):
    from benchmarks.on_gpu.bench import Bench

    bench = Bench(tmp_path / 'x.json', 'cpu', 0)
    bench.compare('late', lambda: 1 / 0)
    assert bench.rows == [dict(name='late', error='not run: out of time')]


def test_a_wrong_section_is_named(tmp_path, capsys):
    with pytest.raises(SystemExit):
        gpu.parse(['--sections', 'tests,foo'])
    assert 'but got foo' in capsys.readouterr().err
