"""What the pages say of results is what the runner's CSV files hold."""

import csv
import re
from statistics import fmean, stdev

import pytest
from modelindex.load_model_index import load as load_model_index
from scipy.stats import t

CAPS = ('coco/bbox_mAP_at100', 'coco/bbox_mAP_at300')
WORDS = {'five seeds': '5'}


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


def interval(values):
    """Student's 95% interval of a mean, half."""
    width = t.ppf(0.975, len(values) - 1)
    return width * stdev(values) / len(values) ** 0.5


def gain(ours, others):
    """Of seeds in pairs, as the page gives it."""
    gains = [a - b for a, b in zip(ours, others)]
    return f'{fmean(gains):+.3f} ± {interval(gains):.3f}'


def seeds_of(path):
    """AP of each seed by cap and row."""
    found = {cap: {} for cap in CAPS}
    with open(path, newline='') as file:
        for row in csv.DictReader(file):
            if row['metric'] in CAPS:
                values = map(float, row['each_seed'].split())
                found[row['metric']][row['row']] = list(values)
    return found


# By row of Table 1, with what it is compared
PARENTS = {
    'dense sampling': 'baseline',
    '+ CIoU': 'dense sampling',
    '+ balanced L1': 'dense sampling',
    'BFP + balanced L1': '+ balanced L1',
}


@pytest.mark.parametrize('data', ['shelves', 'nuclei'])
def test_table_1_s_summary_is_that_of_its_seeds(root, data):
    path = root / f'docs/results/table1-{data}'
    page = path.with_suffix('.md').read_text().split('    export')[0]
    words = ' '.join(page.split())
    seeds = seeds_of(path.with_suffix('.csv'))
    for runs in seeds.values():
        gains = [gain(runs[row], runs[PARENTS[row]]) for row in PARENTS]
        names = ['dense sampling', '+ CIoU', '+ balanced L1']
        told = [f'{name} {each}' for name, each in zip(names, gains)]
        told = f'{", ".join(told)}, BFP + balanced L1 {gains[3]}'
        plain = f'{gains[0]}, {gains[1]}, {gains[2]} and {gains[3]}'
        assert told in words or plain in words
    runs = seeds[CAPS[0]]
    last = gain(runs['BFP + balanced L1'], runs['dense sampling'])
    assert f'+0.005 over dense sampling in the paper, is {last}' in words


def test_the_readme_gives_table_1_of_the_csv(root):
    page = (root / 'README.md').read_text()
    found = {data: [] for data in ('shelves', 'nuclei')}
    for line in re.findall(r'^\| .* \| 0\.4.* ± .*$', page, re.M):
        row, _, _, *cells = line.strip('| ').split(' | ')
        for data, place in (('shelves', 0), ('nuclei', 2)):
            found[data].append((row, cells[place : place + 2]))
    for data, rows in found.items():
        runs = seeds_of(root / f'docs/results/table1-{data}.csv')[CAPS[0]]
        assert [row for row, _ in rows] == list(runs)
        first = runs['baseline']
        mean = f'{fmean(first):.3f} ± {stdev(first):.3f}'
        assert re.search(rf'^\| baseline \| .*{mean} \| ', page, re.M)
        for row, cells in rows[1:]:
            mean = f'{fmean(runs[row]):.3f} ± {stdev(runs[row]):.3f}'
            assert cells == [mean, gain(runs[row], runs[PARENTS[row]])]
    runs = seeds_of(root / 'docs/results/table1-shelves.csv')[CAPS[1]]
    words = ' '.join(page.split())
    for row, parent in PARENTS.items():
        name = row.replace('BFP + balanced L1', 'BFP')
        assert f'{name} {gain(runs[row], runs[parent])}' in words


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


@pytest.mark.parametrize('data', ['shelves', 'nuclei'])
def test_one_stage_systems_with_the_recipe_s_batch(root, data):
    page = (root / 'docs/results/equal-time.md').read_text()
    section = page.split(f'### {data.title()}\n')[1].split('\n### ')[0]
    path = root / f'docs/results/equal-time-one-stage-{data}.csv'
    runs = seeds_of(path)
    # What was run before is what the study holds.
    known = seeds_of(root / f'docs/results/equal-time-{data}.csv')
    summary = ' '.join(page.split('    dense-scene')[0].split())
    recipe = runs[CAPS[1]]['recipe + IN']
    told = table(section.split('\n"- with')[0])
    del told['system']
    assert list(told) == list(runs[CAPS[1]])
    for name, cells in told.items():
        for cap, cell in zip(CAPS, cells[2:4]):
            values = runs[cap][name]
            assert cell == f'{fmean(values):.3f} ± {interval(values):.3f}'
            assert values == known[cap].get(name, values)
        values, (stock, _, _) = runs[CAPS[1]][name], name.partition(',')
        more = gain(recipe, values)
        if stock != name:
            assert cells[4] == gain(values, runs[CAPS[1]][stock])
            assert cells[5] == more and more.lstrip('+') in summary
        elif name != 'recipe + IN':
            assert cells[4] == f'| {more}'
