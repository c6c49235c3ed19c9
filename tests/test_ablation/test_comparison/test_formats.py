"""Tables of results: the paper, ours, and what was not run."""

import csv
import io

import numpy as np
import pytest

from dense_scene.ablation.comparison.comparison import compare_rows
from dense_scene.ablation.comparison.formats import format_comparison
from dense_scene.ablation.comparison.results import read_results
from dense_scene.ablation.records.record import RunRecord, SpeedRecord
from dense_scene.ablation.records.record_file import append_record
from dense_scene.ablation.suites.suite import read_suite
from tests.test_ablation.fakes import write_suite

SUITE = """\
title: 'Rows & more'
seeds: [0, 1]
metrics: [coco/bbox_mAP_at100, coco/count_MAE_at0.5]
rows:
  - {name: base, config: fake.py, paper: 0.4}
  - {name: + CIoU, config: fake.py, parent: base, paper: 0.411}
  - {name: 'late_row', config: fake.py, parent: + CIoU}
"""
SHARED = dict(ended='', commit='abc', versions={'torch': '2.6'}, hardware='h')


def add_run(path, row, seed, ap, sha='x', parent='', **more):
    metrics = {'coco/bbox_mAP_at100': ap, 'coco/count_MAE_at0.5': 10.0}
    given = dict(metrics=metrics, data={'train.json': 'd'}) | more
    record = RunRecord(
        row=row,
        seed=seed,
        state='finished',
        config='fake.py',
        config_sha256=sha,
        parent_sha256=parent,
        seconds=5.0,
        **SHARED,
        **given,
    )
    append_record(path / 'records.jsonl', record)


@pytest.fixture
def work_dir(tmp_path):
    for seed, ap in enumerate((0.30, 0.32)):
        add_run(tmp_path, 'base', seed, ap)
    for seed, ap in enumerate((0.31, 0.34)):
        add_run(tmp_path, '+ CIoU', seed, ap, 'y', 'x')
    speed = SpeedRecord(
        row='base',
        seed=0,
        config_sha256='x',
        fps=12.34,
        fps_model=20.0,
        images=50,
        warmup=10,
        image_shape=[8, 8],
        parameters=3_000_000,
        gmacs=1.5,
        memory_mb=1.0,
        load=0.1,
        device='cpu',
        **SHARED,
    )
    append_record(tmp_path / 'records.jsonl', speed)
    return tmp_path


def compare(tmp_path):
    suite = read_suite(write_suite(tmp_path, SUITE))
    results = read_results(suite, tmp_path)
    return compare_rows(results, tmp_path, resamples=0)


def test_markdown(work_dir):
    text = format_comparison(compare(work_dir))
    lines = [[c.strip() for c in x.split('|')] for x in text.splitlines()]
    table = {line[1]: line[2:-1] for line in lines if len(line) == 12}
    # sd of 0.30 and 0.32 is 0.02 / sqrt(2); of the differences 0.01 and 0.02
    # it is 0.00707, so that the interval is 12.706 * 0.00707 / sqrt(2).
    assert table['base'] == [
        *('0.400', '0.310 ± 0.014', '–', '–', '–', '–', '–', '12.3', '20.0')
    ]
    assert table['+ CIoU'] == [
        *('0.411', '0.325 ± 0.021', 'base', '+0.011', '+0.015 ± 0.064'),
        *('0.500', 'not run', 'not run', 'not run'),
    ]
    assert table['late_row'] == [
        *('–', 'not run', '+ CIoU', '–', 'not run', 'not run', 'not run'),
        *('not run', 'not run'),
    ]
    assert 'commit: abc' in text and 'versions: torch 2.6' in text
    assert '# Rows & more' in text and 'ours, count MAE@0.5' in text
    assert '1 | 3.00 | 1.50' in text


def test_missing_seeds_are_said(tmp_path):
    add_run(tmp_path, 'base', 1, 0.3)
    assert '0.300 (1 of 2 seeds)' in format_comparison(compare(tmp_path))


def test_nothing_run_yet(tmp_path):
    text = format_comparison(compare(tmp_path))
    assert text.count('not run') > 10


def test_csv_holds_every_digit(work_dir):
    text = format_comparison(compare(work_dir), 'csv')
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 6
    ciou = rows[1]
    assert ciou['row'] == '+ CIoU' and ciou['paper_minus_parent'] == '0.011'
    assert float(ciou['mean']) == np.mean([0.31, 0.34])
    assert ciou['each_seed'] == '0.31 0.34' and ciou['fps'] == ''
    assert rows[2]['mean'] == '' and rows[2]['seeds'] == '0'
    assert rows[0]['fps'] == '12.34' and rows[4]['paper'] == ''


def test_latex_is_escaped(work_dir):
    text = format_comparison(compare(work_dir), 'latex')
    assert r'late\_row & -- & not run' in text
    assert r'0.310 $\pm$ 0.014' in text
    body = [line for line in text.splitlines() if line.endswith(r'\\')]
    assert len(body) == 4
    assert {line.count(' & ') for line in body} == {9}


def test_what_cannot_be_compared_is_refused(tmp_path):
    add_run(tmp_path, 'base', 0, 0.3)
    add_run(tmp_path, 'base', 1, 0.3, sha='z')
    with pytest.raises(ValueError, match="'base' must be of one config"):
        compare(tmp_path)
    add_run(tmp_path, 'base', 1, 0.3)
    add_run(tmp_path, '+ CIoU', 0, 0.3, 'y', 'other')
    with pytest.raises(ValueError, match='beside another'):
        compare(tmp_path)
    add_run(tmp_path, '+ CIoU', 0, 0.3, 'y', 'x', data={'train.json': 'e'})
    with pytest.raises(ValueError, match='train.json has changed'):
        compare(tmp_path)


def test_a_metric_that_is_not_there_is_named(tmp_path):
    add_run(tmp_path, 'base', 0, 0.3, metrics={'coco/bbox_mAP_at300': 0.5})
    with pytest.raises(ValueError, match="mean 'coco/bbox_mAP_at300'"):
        compare(tmp_path)
