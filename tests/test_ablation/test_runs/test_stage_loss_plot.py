"""The figure holds its data, and the tool writes it."""

import csv
import json

import cv2
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex

from dense_scene.ablation.runs.exponential_mean import exponential_mean
from dense_scene.ablation.runs.stage_loss_plot import (
    draw_stage_losses,
    plot_stage_losses,
)
from dense_scene.ablation.runs.stage_losses import StageLosses


def run(name, num_stages, count=8, every_iteration=True):
    values = np.random.default_rng(count).random((count, num_stages, 2))
    return StageLosses(name, np.arange(1, count + 1), values, every_iteration)


def panels(figure, num_stages):
    return np.reshape(figure.axes, (2, num_stages))


def test_lines_are_the_data():
    runs = [run('a', 3), run('b', 2, 5, every_iteration=False)]
    grid = panels(plot_stage_losses(runs, smooth=3), 3)
    for (loss, stage), axes in np.ndenumerate(grid):
        expected = [one for one in runs if stage < one.num_stages]
        assert len(axes.lines) == 2 * len(expected)
        for i, one in enumerate(expected):
            raw, smooth = axes.lines[2 * i : 2 * i + 2]
            values = one.values[:, stage, loss]
            assert np.array_equal(raw.get_xydata().T, [one.steps, values])
            means = exponential_mean(one.steps, values, 3)
            assert np.array_equal(smooth.get_xydata().T, [one.steps, means])
            assert raw.get_color() == smooth.get_color()
            assert raw.get_alpha() < 1 and smooth.get_alpha() is None
    assert [a.get_title() for a in grid[0]] == [
        'stage 1',
        'stage 2',
        'stage 3',
    ]
    assert [a.get_ylabel() for a in grid[:, 0]] == [
        'classification loss',
        'localisation loss',
    ]


def test_legend():
    runs = [run('a', 1), run('b', 1, every_iteration=False)]
    [legend] = plot_stage_losses(runs, smooth=25).legends
    assert [text.get_text() for text in legend.get_texts()] == ['a', 'b']
    assert legend.get_title().get_text() == (
        "faint: each iteration or means of mmengine's log; strong: "
        'exponential mean, 1/e after 25 iterations\n'
        'losses as trained on, times stage_loss_weights'
    )
    [legend] = plot_stage_losses(runs[:1], 0, weighted=False).legends
    assert legend.get_title().get_text() == (
        'each iteration\nlosses divided by stage_loss_weights'
    )


def test_more_runs_than_colours_stay_apart():
    runs = [run(str(i), 1, 2) for i in range(8)]
    lines = panels(plot_stage_losses(runs, 0), 1)[0, 0].lines
    looks = {(to_hex(x.get_color()), x.get_linestyle()) for x in lines}
    assert len(looks) == 8


def test_a_peak_does_not_flatten_the_rest():
    one = run('a', 1, 600)
    one.values[:, 0, 0] = 1
    one.values[300, 0, 0] = 1e6
    axes = panels(plot_stage_losses([one], 0), 1)[0, 0]
    assert axes.get_ylim() == (0, 1.05)
    axes = panels(plot_stage_losses([one], 0, log_scale=True), 1)[0, 0]
    assert axes.get_yscale() == 'log'
    assert axes.get_ylim()[1] > 1e6


@pytest.mark.parametrize('value', [np.nan, np.inf, 0])
def test_nothing_to_scale_by(value):
    one = run('a', 1, 3)
    one.values[:] = value
    plot_stage_losses([one]).draw_without_rendering()


@pytest.fixture
def logs(tmp_path):
    """Two folders of runs, the stage weights 1 and 0.5."""
    for name in ('a', 'b'):
        folder = tmp_path / name / '20260101_000000'
        (folder / 'vis_data').mkdir(parents=True)
        (folder / 'stage_losses.json').write_text(
            ''.join(
                json.dumps(
                    {'step': step, 's0.loss_cls': 0.5, 's1.loss_bbox': step}
                )
                + '\n'
                for step in (1, 2)
            )
        )
        (folder / 'vis_data/config.py').write_text(
            'x = dict(stage_loss_weights=[1, 0.5])'
        )
    return tmp_path


def test_files(logs):
    draw_stage_losses(
        [logs / 'a', logs / 'b'],
        logs / 'new/fig6.png',
        ['A', 'B'],
        0,
        unweighted=True,
        csv_file=logs / 'csv/fig6.csv',
    )
    assert cv2.imread(str(logs / 'new/fig6.png')).std() > 1
    with open(logs / 'csv/fig6.csv', newline='') as file:
        rows = list(csv.reader(file))
    assert rows[0] == ['run', 'step', 'stage', 'loss', 'value', 'smoothed']
    # Divided by 1 and by 0.5; no rows for what the log does not have.
    assert rows[1:5] == [
        ['A', '1', '1', 'loss_cls', '0.5', '0.5'],
        ['A', '2', '1', 'loss_cls', '0.5', '0.5'],
        ['A', '1', '2', 'loss_bbox', '2.0', '2.0'],
        ['A', '2', '2', 'loss_bbox', '4.0', '4.0'],
    ]
    assert [row[0] for row in rows[5:]] == ['B'] * 4
    assert not list(logs.rglob('*.part'))


def test_equal_names_are_told_apart(logs):
    paths = [logs / name / '20260101_000000' for name in ('a', 'b')]
    runs = draw_stage_losses(paths, logs / 'f.svg')
    assert [one.name for one in runs] == ['a', 'b']
    assert '<svg' in (logs / 'f.svg').read_text()


def test_twice_the_same_run(logs):
    runs = draw_stage_losses([logs / 'a', logs / 'a'], logs / 'f.svg')
    assert [one.name for one in runs] == ['a', 'a']


@pytest.mark.parametrize('length', [5, 60])
def test_the_legend_stays_within_the_figure(length):
    figure = plot_stage_losses([run('x' * length, 3) for _ in range(8)])
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    [legend] = figure.legends
    box = legend.get_window_extent(canvas.get_renderer())
    assert box.x0 >= 0 and box.x1 <= canvas.get_width_height()[0]


def test_bad_arguments(logs):
    with pytest.raises(ValueError) as error:
        draw_stage_losses([logs / 'a'], logs / 'f.png', ['A', 'B'])
    assert str(error.value) == (
        'there must be one label for each of 1 runs, but got 2. Give as many.'
    )
    with pytest.raises(ValueError, match='a figure must end with .png'):
        draw_stage_losses([logs / 'a'], logs / 'f.jpg')
