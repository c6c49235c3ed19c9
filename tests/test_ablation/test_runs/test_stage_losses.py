"""Logs of stage losses, as runs leave them behind, and their mean."""

import json

import numpy as np
import pytest

from dense_scene.ablation.runs.stage_losses import (
    exponential_mean,
    read_stage_losses,
)
from tests.tiny_two_stage import build_runner

# A value one step back counts half as much: exp(-1 / span) = 1 / 2.
HALF = 1 / np.log(2)


def write(path, *rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [x if isinstance(x, str) else json.dumps(x) for x in rows]
    path.write_text('\n'.join(lines) + '\n')
    return path


def row(step, value):
    return {'step': step, 's0.loss_cls': value, 's1.loss_bbox': 2 * value}


def test_a_stock_log(tmp_path):
    # As mmengine writes it, with validation and other scalars in between.
    log = write(
        tmp_path / 'scalars.json',
        {**row(50, 0.5), 'lr': 0.01, 'loss_rpn_cls': 0.3, 's0.acc': 9},
        {'train_proposal/AR_at100': 0.5, 'step': 60},
        {'coco/bbox_mAP': 0.1, 'step': 1},
        {'train/s0.loss_cls': 0.25, 'step': 100},
    )
    assert read_stage_losses(log).to_numpy().tolist() == [
        [50, 1, 'loss_cls', 0.5],
        [50, 2, 'loss_bbox', 1.0],
        [100, 1, 'loss_cls', 0.25],
    ]


def test_a_resumed_run_is_read_as_one(tmp_path):
    # Killed after 5, resumed from the checkpoint of 3, and again from 4.
    for day, steps in enumerate(([1, 2, 3, 4, 5], [4, 5, 6], [5])):
        log = tmp_path / f'2026010{day}_000000/vis_data/scalars.json'
        write(log, *(row(step, day) for step in steps))
    losses = read_stage_losses(tmp_path)
    losses = losses[losses['stage'] == 1]
    assert losses['step'].tolist() == [1, 2, 3, 4, 5]
    assert losses['value'].tolist() == [0, 0, 0, 1, 2]
    # One start of it.
    assert read_stage_losses(log.parents[1])['step'].tolist() == [5, 5]


def test_a_real_run_of_every_iteration(tmp_path):
    config = dict(
        log_processor=dict(type='LogProcessor', window_size=1),
        default_hooks=dict(logger=dict(type='LoggerHook', interval=1)),
        custom_hooks=[],
        val_cfg=None,
        val_dataloader=None,
        val_evaluator=None,
    )
    build_runner(tmp_path, 2, epochs=3, **config).train()
    weighted = read_stage_losses(tmp_path / 'work')
    assert weighted['step'].unique().tolist() == [1, 2, 3]
    assert len(weighted) == 3 * 2 * 2
    assert (weighted['value'] >= 0).all()
    # The weights of the config that mmengine dumps are [1, 1] here.
    unweighted = read_stage_losses(tmp_path / 'work', unweighted=True)
    assert unweighted.equals(weighted)


def test_a_last_line_cut_short_is_left_out(tmp_path):
    log = write(tmp_path / 'scalars.json', row(1, 1), row(2, 2), '{"step": 3,')
    assert read_stage_losses(log)['step'].unique().tolist() == [1, 2]


@pytest.mark.parametrize(
    'line', ['{"step": 3,', '[1]', '{"s0.loss_cls": 1}', '{"step": Infinity}']
)
def test_a_broken_line_elsewhere_is_named(tmp_path, line):
    log = write(tmp_path / 'scalars.json', row(1, 1), line, row(2, 2))
    with pytest.raises(ValueError) as error:
        read_stage_losses(log)
    assert f'{log}, line 2' in str(error.value) and line in str(error.value)


def test_no_log(tmp_path):
    with pytest.raises(FileNotFoundError, match='none .*does not exist'):
        read_stage_losses(tmp_path / 'none')
    with pytest.raises(FileNotFoundError, match='no log in it'):
        read_stage_losses(tmp_path)


@pytest.mark.parametrize('rows', [[], [{'step': 1, 'loss_cls': 1}]])
def test_no_stages(tmp_path, rows):
    log = write(tmp_path / 'scalars.json', *rows)
    with pytest.raises(ValueError, match='must log losses of cascade stages'):
        read_stage_losses(log)


def test_stage_weights(tmp_path):
    log = write(tmp_path / '20260101_000000/vis_data/scalars.json', row(1, 3))
    write(
        log.with_name('config.py'),
        'raise SystemExit',  # it is never run
        'x = dict(stage_loss_weights=[\n    1,\n    0.5,\n])',
    )
    for path in (tmp_path, log):
        # 3 / 1 and 2 * 3 / 0.5
        assert read_stage_losses(path, True)['value'].tolist() == [3, 12]


@pytest.mark.parametrize('weights', ['[1]', '[1, 0]', 'weights', '[1, '])
def test_useless_stage_weights_are_named(tmp_path, weights):
    log = write(tmp_path / 'scalars.json', row(1, 3))
    config = write(
        tmp_path / 'config.py', f'model = dict(stage_loss_weights={weights})'
    )
    with pytest.raises(ValueError, match='2 stage_loss_weights') as error:
        read_stage_losses(log, True)
    assert str(config) in str(error.value)


def test_mean_by_hand():
    # 1;  (1/2 * 1 + 4) / (3/2) = 3;  then two steps on, weights 1/8, 1/4, 1:
    # (1/8 + 4/4 + 2.875) / (11/8) = 4 / 1.375
    means = exponential_mean([10, 11, 13], [1, 4, 2.875], HALF)
    np.testing.assert_allclose(means, [1, 3, 4 / 1.375], rtol=1e-12)


def test_mean_by_definition():
    rng = np.random.default_rng(0)
    steps = np.cumsum(rng.integers(1, 60, 50))
    values = rng.normal(size=50)
    ages = steps[:, None] - steps
    weights = np.where(ages >= 0, np.exp(-ages / 37), 0)
    expected = weights @ values / weights.sum(axis=1)
    np.testing.assert_allclose(
        exponential_mean(steps, values, 37), expected, rtol=1e-9
    )


def test_values_that_are_not_finite_are_passed_over():
    values = np.array([np.nan, 1, np.inf, 4, np.nan])
    # 4 is two steps after 1: (1/4 + 4) / (5/4) = 3.4
    means = exponential_mean(np.arange(5), values, HALF)
    np.testing.assert_allclose(means, [np.nan, 1, 1, 3.4, 3.4], rtol=1e-12)
    same = exponential_mean(np.arange(5), values, 0)
    np.testing.assert_array_equal(same, values)


@pytest.mark.parametrize('count', [0, 1, 600])
def test_the_mean_of_a_constant(count):
    means = exponential_mean(np.arange(count) ** 2, np.full(count, 0.7), 5)
    np.testing.assert_allclose(means, np.full(count, 0.7), rtol=1e-12)
