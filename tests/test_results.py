"""What the pages say of results is what the runner's CSV files hold."""

import csv
import re

import pytest
from modelindex.load_model_index import load as load_model_index

CAPS = ('coco/bbox_mAP_at100', 'coco/bbox_mAP_at300')
WORDS = {'four seeds': '4', 'five seeds': '5'}


def means(path):
    """Seeds and mean AP at both caps by row, as tables print them."""
    found = {}
    with open(path, newline='') as file:
        for row in csv.DictReader(file):
            if row['metric'] in CAPS:
                seeds, mean = row['seeds'], f'{float(row["mean"]):.3f}'
                found.setdefault(row['row'], [seeds]).append(mean)
    return found


@pytest.mark.parametrize('data', ['shelves', 'nuclei'])
def test_rows_of_table_1(root, data):
    """Those that seeds.md, with runs of its own, does not give."""
    path = root / f'docs/results/table1-{data}.csv'
    page = (root / f'configs/{data}/README.md').read_text()
    pattern = rf'\| (.+), \[(.+)\]\(.*{path.stem}.md\) \| .*/?(cascade.*)\.py'
    models = load_model_index(str(root / 'model-index.yml')).models
    index = {model.name: model for model in models}
    rows = re.findall(rf'{pattern}\) \| (.+) \| (.+) \|', page)
    known = means(path)
    assert [row for row, *_ in rows] == list(known)[2:]
    for row, words, name, *values in rows:
        assert [WORDS[words], *values] == known[row]
        model = index[name]
        assert model.metadata.data['Status'].startswith(f'mean of {words}, ')
        (result,) = model.results
        assert [f'{v:.3f}' for v in result.metrics.values()] == values


def test_the_readme_gives_table_1_of_the_csv(root):
    page = (root / 'README.md').read_text()
    for data in ('shelves', 'nuclei'):
        path = root / f'docs/results/table1-{data}.csv'
        known = means(path)
        for row, (_, first, _) in known.items():
            assert re.search(
                rf'^\| {re.escape(row)} \| 0\.4.*{first} ± ', page, re.M
            ), (data, row)
