"""The suites in configs/suites/ are whole."""

import re

import pytest

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
