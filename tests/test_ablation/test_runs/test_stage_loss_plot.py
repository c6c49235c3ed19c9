"""The figure holds its data, and the numbers lie beside it."""

import csv
import json

import cv2
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex

from dense_scene.ablation.runs.stage_loss_plot import (
    draw_stage_losses,
    plot_stage_losses,
)
from dense_scene.ablation.runs.stage_losses import exponential_mean


def write(folder, values, first=1):
    """A log of (N, S, 2) losses; the weights of the stages are 1, 1/2, ..."""
    folder = folder / '20260101_000000/vis_data'
    folder.mkdir(parents=True)
    with open(folder / 'scalars.json', 'w') as file:
        for step, losses in enumerate(np.asarray(values, float), first):
            line = {'step': step}
            for stage, (loss_cls, loss_bbox) in enumerate(losses.tolist()):
                line[f's{stage}.loss_cls'] = loss_cls
                line[f's{stage}.loss_bbox'] = loss_bbox
            file.write(json.dumps(line) + '\n')
    weights = [0.5**stage for stage in range(3)][: len(losses)]
    (folder / 'config.py').write_text(
        f'x = dict(stage_loss_weights={weights})'
    )
    return folder.parents[1]


@pytest.fixture
def values():
    return {
        'a': np.random.default_rng(0).random((8, 3, 2)),
        'b': np.random.default_rng(1).random((5, 2, 2)),
    }


@pytest.fixture
def paths(values, tmp_path):
    return [write(tmp_path / name, part) for name, part in values.items()]


def panels(table, *arguments):
    figure = plot_stage_losses(table, *arguments)
    return np.reshape(figure.axes, (2, -1)), figure.legends[0]


def test_lines_are_the_data(values, paths, tmp_path):
    table = draw_stage_losses(paths, tmp_path / 'f.svg', smooth=3)
    assert '<svg' in (tmp_path / 'f.svg').read_text()
    grid, legend = panels(table, 3)
    assert grid.shape == (2, 3)
    for (loss, stage), axes in np.ndenumerate(grid):
        lines = list(axes.lines)
        for part in values.values():
            if stage < part.shape[1]:
                smooth, raw = lines.pop(0), lines.pop(0)
                steps, expected = np.arange(1, 1 + len(part)), part[:, stage]
                expected = expected[:, loss]
                assert np.array_equal(raw.get_xydata().T, [steps, expected])
                means = exponential_mean(steps, expected, 3)
                assert np.array_equal(smooth.get_xydata().T, [steps, means])
                assert raw.get_color() == smooth.get_color()
                assert raw.get_alpha() < 1 and smooth.get_alpha() is None
        assert not lines
    assert [text.get_text() for text in legend.get_texts()] == ['a', 'b']
    note = legend.get_title().get_text()
    assert '5 to 8 logged values' in note and 'after 3 iterations' in note
    assert 'times stage_loss_weights' in note
    # Without a mean there is one line for each.
    table = draw_stage_losses(paths[:1], tmp_path / 'f.svg', smooth=0)
    grid, legend = panels(table, 0, False, False)
    assert [len(axes.lines) for axes in grid.flat] == [1] * 6
    assert legend.get_title().get_text() == (
        '8 logged values\nlosses divided by stage_loss_weights'
    )


def test_more_runs_than_colors_stay_apart(tmp_path):
    paths = [write(tmp_path / str(i), [[[1, 1]]]) for i in range(8)]
    table = draw_stage_losses(paths, tmp_path / 'f.svg')
    lines = panels(table, 0)[0][0, 0].lines
    looks = {(to_hex(x.get_color()), x.get_linestyle()) for x in lines}
    assert len(looks) == 8


def test_a_peak_does_not_flatten_the_rest(tmp_path):
    values = np.ones((600, 1, 2))
    values[300, 0, 0] = 1e6
    path = write(tmp_path / 'a', values)
    table = draw_stage_losses([path], tmp_path / 'f.svg', smooth=0)
    assert panels(table, 0)[0][0, 0].get_ylim() == (0, 1.05)
    axes = panels(table, 0, True)[0][0, 0]
    assert axes.get_yscale() == 'log' and axes.get_ylim()[1] > 1e6


@pytest.mark.parametrize('value', [np.nan, np.inf, 0])
def test_nothing_to_scale_by(value, tmp_path):
    path = write(tmp_path / 'a', np.full((3, 1, 2), value))
    draw_stage_losses([path], tmp_path / 'f.png')
    assert cv2.imread(str(tmp_path / 'f.png')).std() > 1


def test_numbers_beside_it(tmp_path):
    values = [[[0.5, np.nan], [1, 3]], [[0.5, 4], [2, 3]]]
    draw_stage_losses(
        [write(tmp_path / 'a', values)],
        tmp_path / 'new/fig6.png',
        ['A'],
        0,
        unweighted=True,
        csv_file=tmp_path / 'csv/fig6.csv',
    )
    with open(tmp_path / 'csv/fig6.csv', newline='') as file:
        rows = list(csv.reader(file))
    # Divided by 1 and by 0.5; no row for NaN.
    assert rows == [
        ['run', 'step', 'stage', 'loss', 'value', 'smoothed'],
        ['A', '1', '1', 'loss_cls', '0.5', '0.5'],
        ['A', '1', '2', 'loss_cls', '2.0', '2.0'],
        ['A', '1', '2', 'loss_bbox', '6.0', '6.0'],
        ['A', '2', '1', 'loss_cls', '0.5', '0.5'],
        ['A', '2', '1', 'loss_bbox', '4.0', '4.0'],
        ['A', '2', '2', 'loss_cls', '4.0', '4.0'],
        ['A', '2', '2', 'loss_bbox', '6.0', '6.0'],
    ]
    assert not list(tmp_path.rglob('*.tmp'))


def test_equal_names_are_told_apart(paths, tmp_path):
    starts = [path / '20260101_000000' for path in paths]
    table = draw_stage_losses(starts, tmp_path / 'f.svg')
    assert table['run'].unique().tolist() == [
        'a/20260101_000000',
        'b/20260101_000000',
    ]


@pytest.mark.parametrize('length', [5, 60])
def test_the_legend_stays_within_the_figure(length, paths, tmp_path):
    table = draw_stage_losses(paths[:1], tmp_path / 'f.svg')
    names = [f'{i}' * length for i in range(8)]
    table['run'] = np.resize(names, len(table))
    figure = plot_stage_losses(table)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    box = figure.legends[0].get_window_extent(canvas.get_renderer())
    assert box.x0 >= 0 and box.x1 <= canvas.get_width_height()[0]


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (dict(labels=['A']), 'labels must be 2 different names'),
        (dict(labels=['A', 'A']), 'labels must be 2 different names'),
        (dict(smooth=-1), 'smooth must be a number in'),
        (dict(smooth=float('nan')), 'smooth must be a number in'),
        (dict(out='f.jpg'), 'a figure must end with .png'),
    ],
)
def test_bad_arguments(paths, tmp_path, arguments, words):
    out = tmp_path / arguments.pop('out', 'f.png')
    with pytest.raises(ValueError, match=words):
        draw_stage_losses(paths, out, **arguments)
    assert not out.exists()
