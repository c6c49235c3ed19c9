"""Summaries of runs that differ in their seed."""

import json
import math

import numpy as np
import pytest

from dense_scene.ablation.runs.seeds import (
    format_seed_studies,
    read_seed_study,
    student_interval,
)
from dense_scene.cli import main

KEYS = ('coco/bbox_mAP_at100', 'coco/bbox_mAP_at300')


def _write_run(folder, ap, start='20260101_000000', without=1):
    """A log of three iterations and one validation, as mmengine writes it."""
    vis = folder / start / 'vis_data'
    vis.mkdir(parents=True)
    lines = [{'loss': 1.0, 'time': t, 'step': 1} for t in (9.0, 0.5, 0.4)]
    lines.append({KEYS[0]: ap, KEYS[1]: ap + 0.1, 'step': 1})
    text = '\n'.join(json.dumps(line) for line in lines)
    # The last line is what a crash leaves.
    (vis / 'scalars.json').write_text(text + '\n{"loss": 0.')
    for step, zero in ((9, 7), (10, without)):
        counts = dict(objects=10, positives_histogram=[[zero, 5], [0, 9]])
        name = f'proposal_quality_train_{step}.json'
        (vis.parent / name).write_text(json.dumps(counts))
    return folder


def test_a_run_by_hand(tmp_path):
    _write_run(tmp_path / '0', 0.25)
    study = read_seed_study(tmp_path)
    assert study.index.name == tmp_path.name
    assert study.loc['0'].to_dict() == {
        KEYS[0]: 0.25,
        KEYS[1]: 0.35,
        # 1 of 10 objects, at step 10 and not at step 9
        'stage1_objects_without_positive': 0.1,
        'stage2_objects_without_positive': 0.0,
        'seconds_per_iteration': 0.5,  # the median, not the slow first one
    }


def test_a_resumed_run_counts_with_its_latest_log(tmp_path):
    _write_run(tmp_path / '0', 0.25)
    _write_run(tmp_path / '0', 0.75, start='20260102_000000')
    assert read_seed_study(tmp_path).loc['0', KEYS[0]] == 0.75


def test_an_older_log_is_read_under_the_names_of_today(tmp_path):
    _write_run(tmp_path / '0', 0.25)
    log = next(tmp_path.glob('0/*/vis_data/scalars.json'))
    log.write_text(log.read_text().replace('_at', '@'))
    for metrics in (KEYS, [key.replace('_at', '@') for key in KEYS]):
        study = read_seed_study(tmp_path, metrics)
        assert study.loc['0', list(KEYS)].tolist() == [0.25, 0.35]


def test_the_table_by_hand(tmp_path):
    for seed, a, b in ((0, 0.1, 0.3), (1, 0.2, 0.4), (2, 0.3, 0.5)):
        _write_run(tmp_path / 'a' / str(seed), a)
        _write_run(tmp_path / 'b' / str(seed), b)
    studies = [read_seed_study(tmp_path / name) for name in 'ab']
    table = format_seed_studies(studies).split('\n\n')[0]
    # 0.1, 0.2, 0.3: s = 0.1, t / sqrt(3) = 2.484; each seed gains 0.2.
    assert table.splitlines()[2:] == [
        '| `a` | 0.200 ± 0.248 | – | 0.100, 0.200, 0.300 |',
        '| `b` | 0.400 ± 0.248 | +0.200 ± 0.000 | 0.300, 0.400, 0.500 |',
    ]


def test_one_run_has_no_interval(tmp_path):
    _write_run(tmp_path / 'a' / '0', 0.5)
    table = format_seed_studies([read_seed_study(tmp_path / 'a')])
    assert '0.500 (one run: no interval)' in table


def test_errors_are_one_line(tmp_path, capsys):
    assert main(['seeds', str(tmp_path / 'nothing')]) == 1
    assert 'must hold one work_dir for each seed' in capsys.readouterr().err
    _write_run(tmp_path / 'a' / '0', 0.5)
    folder = str(tmp_path / 'a')
    assert main(['seeds', folder, '--metrics', 'bbox_mAP']) == 1
    error = capsys.readouterr().err
    # The log may warn of the last line before.
    assert (
        error.count('error: ') == 1 and "'bbox_mAP'" in error.split('\n')[-2]
    )


def test_unfinished_runs_are_named(tmp_path):
    for seed in '01':
        _write_run(tmp_path / seed, 0.5)
    log = next(tmp_path.glob('1/*/vis_data/scalars.json'))
    finished = log.read_text()
    # It trained on after the validation.
    line = '{"loss": 1.0, "time": 1, "step": 2}\n'
    log.write_text(finished.rsplit('\n', 1)[0] + '\n' + line)
    with pytest.raises(ValueError, match='1 must be a finished run .* end'):
        read_seed_study(tmp_path)
    # Killed right after the validation that it shares with the others.
    log.write_text(finished.replace('"step": 1', '"step": 2'))
    with pytest.raises(ValueError, match='0 ends at step 1 and 1 at 2'):
        read_seed_study(tmp_path)


def test_the_tool_prints_the_table(tmp_path, capsys):
    _write_run(tmp_path / 'a' / '0', 0.5)
    assert main(['seeds', str(tmp_path / 'a')]) == 0
    assert 'coco/bbox_mAP_at300' in capsys.readouterr().out


def test_three_values_by_hand():
    # Mean 2, s = 1, t(0.975, 2 degrees) = 4.3027 (any t table);
    # 4.3027 / sqrt(3) = 2.4841.
    mean, half = student_interval([1, 2, 3])
    assert mean == 2
    assert half == pytest.approx(2.4841, abs=1e-4)
    assert student_interval([0.5] * 3) == (0.5, 0)
    # One value says nothing about its spread.
    mean, half = student_interval([0.4])
    assert mean == 0.4 and math.isnan(half)


def test_it_covers_the_mean_as_often_as_it_says():
    """600 studies of three runs; 80% intervals, error of the count 1.6%."""
    runs = np.random.default_rng(0).normal(size=(600, 3))
    intervals = np.array([student_interval(run, 0.8) for run in runs])
    covered = (np.abs(intervals[:, 0]) <= intervals[:, 1]).mean()
    assert abs(covered - 0.8) < 0.07  # four standard errors


def test_what_a_run_lacks_has_no_table(tmp_path):
    for seed in '01':
        _write_run(tmp_path / seed, 0.5)
    for path in (tmp_path / '1').rglob('proposal_quality_*.json'):
        path.unlink()
    runs = read_seed_study(tmp_path)
    assert list(runs) == [*KEYS, 'seconds_per_iteration']
    assert list(runs.index) == ['0', '1']
