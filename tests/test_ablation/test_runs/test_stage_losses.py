"""Logs of stage losses, as runs leave them behind."""

import json

import numpy as np
import pytest

from dense_scene.ablation.runs.stage_losses import (
    read_stage_losses,
    read_stage_weights,
)


def write(path, *rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [x if isinstance(x, str) else json.dumps(x) for x in rows]
    path.write_text('\n'.join(lines) + '\n')
    return path


def row(step, value, **more):
    return {
        'step': step,
        's0.loss_cls': value,
        's1.loss_bbox': 2 * value,
        **more,
    }


def test_a_stock_log(tmp_path):
    # As mmengine writes it, with validation and other scalars in between.
    log = write(
        tmp_path / 'scalars.json',
        row(50, 0.5, lr=0.01, loss_rpn_cls=0.3, epoch=1, iter=50),
        {'train_proposal/AR@100': 0.5, 'step': 60},
        {'coco/bbox_mAP': 0.1, 'step': 1},
        row(100, 0.25),
    )
    losses = read_stage_losses(log)
    assert (losses.name, losses.num_stages) == ('scalars.json', 2)
    assert not losses.every_iteration
    assert losses.steps.tolist() == [50, 100]
    nan = np.nan
    np.testing.assert_array_equal(
        losses.values, [[[0.5, nan], [nan, 1.0]], [[0.25, nan], [nan, 0.5]]]
    )


def test_a_log_with_hierarchy(tmp_path):
    log = write(tmp_path / 'scalars.json', {'train/s0.loss_cls': 3, 'step': 7})
    assert read_stage_losses(log).values[0, 0, 0] == 3


def test_a_resumed_run_is_read_as_one(tmp_path):
    # Killed after 5, resumed from the checkpoint of 3, and again from 4.
    write(
        tmp_path / '20260101_000000/stage_losses.json',
        *(row(step, 1) for step in (1, 2, 3, 4, 5)),
    )
    write(
        tmp_path / '20260102_000000/stage_losses.json',
        *(row(step, 2) for step in (4, 5, 6)),
    )
    write(tmp_path / '20260103_000000/stage_losses.json', row(5, 3))
    # The hook's values are preferred to the means.
    write(tmp_path / '20260103_000000/vis_data/scalars.json', row(50, 9))
    losses = read_stage_losses(tmp_path, 'mine')
    assert losses.name == 'mine'
    assert losses.every_iteration
    assert losses.steps.tolist() == [1, 2, 3, 4, 5]
    assert losses.values[:, 0, 0].tolist() == [1, 1, 1, 2, 3]


def test_a_start_without_the_hook_is_not_lost(tmp_path):
    write(tmp_path / '20260101_000000/vis_data/scalars.json', row(4, 9))
    write(
        tmp_path / '20260102_000000/stage_losses.json',
        *(row(step, 2) for step in (5, 6)),
    )
    losses = read_stage_losses(tmp_path)
    assert losses.steps.tolist() == [4, 5, 6]
    assert not losses.every_iteration


@pytest.mark.parametrize('part', ['', '20260101_000000'])
def test_a_folder_with_the_stock_log_alone(tmp_path, part):
    write(tmp_path / '20260101_000000/vis_data/scalars.json', row(50, 9))
    losses = read_stage_losses(tmp_path / part)
    assert losses.values[0, 0, 0] == 9
    assert not losses.every_iteration


def test_a_last_line_cut_short_is_left_out(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(
        'dense_scene.ablation.runs.stage_losses.print_log',
        lambda text, **_: said.append(text),
    )
    log = write(tmp_path / 'scalars.json', row(1, 1), row(2, 2), '{"step": 3,')
    losses = read_stage_losses(log)
    assert losses.steps.tolist() == [1, 2]
    assert said == [f'{log}: the last line is cut short and left out.']


@pytest.mark.parametrize(
    'line',
    [
        '{"step": 3,',
        '[1]',
        '{"s0.loss_cls": 1}',
        '{"step": 1, "s0.loss_cls": "x"}',
        '{"step": Infinity, "s0.loss_cls": 1}',
    ],
)
def test_a_broken_line_elsewhere_is_named(tmp_path, line):
    log = write(tmp_path / 'scalars.json', row(1, 1), line, row(2, 2))
    with pytest.raises(ValueError) as error:
        read_stage_losses(log)
    assert str(error.value) == (
        f'{log}, line 2 must be a JSON object with a step and numbers, but '
        f'is {line!r}. Correct or delete it.'
    )


def test_no_log(tmp_path):
    with pytest.raises(FileNotFoundError, match='but does not exist. Correct'):
        read_stage_losses(tmp_path / 'none')
    with pytest.raises(FileNotFoundError, match='but there is none in it'):
        read_stage_losses(tmp_path)


@pytest.mark.parametrize('rows', [[], [{'step': 1, 'loss_cls': 1}]])
def test_no_stages(tmp_path, rows):
    log = write(tmp_path / 'scalars.json', *rows)
    with pytest.raises(ValueError, match='must log losses of cascade stages'):
        read_stage_losses(log)


def test_stage_weights(tmp_path):
    folder = tmp_path / '20260101_000000'
    write(
        folder / 'vis_data/config.py',
        'raise SystemExit',  # it is never run
        'model = dict(roi_head=dict(stage_loss_weights=[1, 0.5]))',
    )
    write(folder / 'stage_losses.json', row(1, 3))
    write(folder / 'vis_data/scalars.json', row(50, 3))
    for path in (tmp_path, folder / 'vis_data/scalars.json'):
        assert read_stage_weights(path) == [1, 0.5]
    # 3 / 1 and 2 * 3 / 0.5
    divided = read_stage_losses(tmp_path).divide([1, 0.5])
    assert divided.values[0, 0, 0] == 3
    assert divided.values[0, 1, 1] == 12
    with pytest.raises(ValueError, match='there must be 2 stage weights'):
        divided.divide([1])


def test_no_stage_weights(tmp_path):
    log = write(tmp_path / 'scalars.json', row(1, 3))
    write(tmp_path / 'config.py', 'model = dict()')
    with pytest.raises(ValueError, match='must name stage_loss_weights'):
        read_stage_weights(log)


@pytest.mark.parametrize('weights', ['[1, ', 'weights', '["x"]', '1'])
def test_a_broken_config_is_named(tmp_path, weights):
    log = write(tmp_path / 'scalars.json', row(1, 3))
    config = write(
        tmp_path / 'config.py', f'model = dict(stage_loss_weights={weights})'
    )
    with pytest.raises(ValueError) as error:
        read_stage_weights(log)
    assert str(error.value).startswith(f'{config} must be a config as')
