"""The suites in configs/suites/ are whole."""

import re

import pytest

from dense_scene.ablation.suites.resolve import resolve_suite
from dense_scene.ablation.suites.suite import read_suite
from tests.config_files import CONFIGS

SUITES = sorted((CONFIGS / 'suites').glob('*.yml'))
# Table 1 of the paper
PAPER = {
    'baseline': 0.400,
    'dense sampling': 0.407,
    '+ CIoU': 0.411,
    '+ balanced L1': 0.413,
    'BFP + balanced L1': 0.412,
}


@pytest.mark.parametrize('path', SUITES, ids=lambda path: path.stem)
def test_every_config_is_there_and_says_the_papers_value(path):
    for row in read_suite(path).rows:
        with open(row.config) as file:
            first = file.readline()
        if row.paper is not None and '-scratch' not in row.config:
            assert f'{row.paper:.3f}' in first, row.name


@pytest.mark.parametrize('name', ['table1', 'table1-nuclei', 'table1-shelves'])
def test_table_1_is_that_of_the_paper(name):
    rows = read_suite(CONFIGS / 'suites' / f'{name}.yml').rows
    assert {row.name: row.paper for row in rows} == PAPER
    for row in rows:
        with open(row.config) as file:
            said = re.match(r'# Table 1, ([^,:]+)', file.readline())[1]
        assert said == row.name


def test_the_example_of_the_docs_is_a_suite(root, tmp_path, monkeypatch):
    monkeypatch.setenv('SHELVES_ROOT', str(tmp_path))
    text = (root / 'docs/ablation.md').read_text()
    example = re.search(r'```yaml\n(.*?)```', text, re.S)[1]
    path = tmp_path / 'suite.yml'
    path.write_text(example.replace('../', f'{CONFIGS}/'))
    rows = resolve_suite(read_suite(path))
    sampler = rows[1].cfg.model.train_cfg.rcnn[2].sampler
    assert sampler.num == 1024 and len(rows[1].diff) == 4


def test_the_smoke_suite_takes_effect(tmp_path, monkeypatch):
    monkeypatch.setenv('SHELVES_ROOT', str(tmp_path))
    base, other = resolve_suite(read_suite(CONFIGS / 'suites/smoke.yml'))
    scale = base.cfg.test_dataloader.dataset.pipeline[1].scale
    assert scale == (320, 320)
    changed = {line.split(':')[0] for line in other.diff}
    assert 'model.train_cfg.rpn.sampler.type' in changed
    assert all(key.startswith('model.train_cfg.') for key in changed)
