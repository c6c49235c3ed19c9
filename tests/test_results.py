"""What the pages say of results is what the runner's CSV files hold."""

import csv
import re
from statistics import fmean, stdev

import pytest
from modelindex.load_model_index import load as load_model_index
from scipy.stats import t

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


def interval(values):
    """Student's 95% interval of a mean, half."""
    width = t.ppf(0.975, len(values) - 1)
    return width * stdev(values) / len(values) ** 0.5


def gain(ours, others):
    """Of seeds in pairs, as the page gives it."""
    gains = [a - b for a, b in zip(ours, others)]
    return f'{fmean(gains):+.3f} ± {interval(gains):.3f}'


def table(text):
    """The cells of each row of a table, by the first."""
    rows = re.findall(r'^\| (.*) \|$', text, re.M)
    cells = (row.split(' | ') for row in rows)
    return {name: rest for name, *rest in cells}


@pytest.mark.parametrize('data', ['shelves', 'nuclei'])
def test_the_systems_at_equal_time(root, data):
    page = (root / 'docs/results/equal-time.md').read_text()
    section = page.split(f'## On {data}\n')[1].split('\n## ')[0]
    told, pairs = map(table, section.split('\nAP@300 of a'))
    metrics = [*CAPS, 'coco/AR_at300', 'coco/count_MAE_at0.5']
    known, seeds = {}, {}
    path = root / f'docs/results/equal-time-{data}.csv'
    with open(path, newline='') as file:
        for row in csv.DictReader(file):
            values = [float(value) for value in row['each_seed'].split()]
            digits = '.1f' if 'count' in row['metric'] else '.3f'
            half = f'{interval(values):{digits}}'
            cells = known.setdefault(row['row'], [''] * 4)
            place = metrics.index(row['metric'])
            cells[place] = f'{fmean(values):{digits}} ± {half}'
            if row['metric'] == CAPS[1]:
                cells.append(f'{float(row["fps"]):.1f}')
                cells.append(f'{float(row["parameters"]) / 1e6:.2f}')
                seeds[row['row']] = values
    del told['system']
    assert {name: cells[3:] for name, cells in told.items()} == known
    others = pairs.pop('two-stage')
    assert len(pairs) == len(others) == 4
    for name, cells in pairs.items():
        for other, cell in zip(others, cells):
            assert cell == gain(seeds[name], seeds[other])
    # The summary: the recipe and the next, two stages and one, told pairs.
    summary = ' '.join(page.split('    dense-scene')[0].split())
    recipe = seeds.pop('recipe + IN')
    best = max(seeds, key=lambda name: fmean(seeds[name]))
    assert min(recipe) > max(map(max, seeds.values()))
    assert best.split()[0] in summary
    assert f'({gain(recipe, seeds[best])}' in summary
    two, one = (
        [fmean(values) for values in zip(*(seeds[name] for name in names))]
        for names in (pairs, others)
    )
    assert gain(two, one).replace('-', 'by ') + f' on {data}' in summary
    found = [
        cell.replace('+', '').split(' ± ')
        for cells in pairs.values()
        for cell in cells
    ]
    told = [
        float(mean) for mean, half in found if abs(float(mean)) > float(half)
    ]
    count = sum(mean > 0 for mean in told), sum(mean < 0 for mean in told)
    words = {'shelves': 'none and behind in six', 'nuclei': 'one and ten'}
    assert count == {'shelves': (0, 6), 'nuclei': (1, 10)}[data]
    assert words[data] in summary
