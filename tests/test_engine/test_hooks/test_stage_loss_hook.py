"""The hook writes every iteration's values, once, and early enough."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmdet.registry import HOOKS

from dense_scene.ablation.runs.stage_losses import read_stage_losses
from tests.tiny_two_stage import build_runner

NO_VAL = dict(val_cfg=None, val_dataloader=None, val_evaluator=None)


def rows(path):
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


def step(hook, runner, number, outputs):
    runner.iter = number - 1
    hook.after_train_iter(runner, 0, None, outputs)


def test_rows_and_flushes(tmp_path):
    hook = HOOKS.build(dict(type='StageLossHook', flush_interval=2))
    runner = SimpleNamespace(log_dir=str(tmp_path))
    path = tmp_path / 'stage_losses.json'
    weight = torch.ones((), requires_grad=True)
    step(
        hook,
        runner,
        1,
        {
            'loss': weight * 9,
            'loss_rpn_cls': weight,
            's0.acc': weight,
            's0.loss_cls': weight * 0.5,
            's10.loss_bbox': weight.half(),
        },
    )
    assert not path.exists()
    # Nothing holds the graph of the iteration.
    assert not any(v.requires_grad for v in hook._rows[0][1].values())
    # A stage that a batch did not reach.
    step(hook, runner, 2, {'s0.loss_cls': 0.25})
    expected = [
        {'step': 1, 's0.loss_cls': 0.5, 's10.loss_bbox': 1.0},
        {'step': 2, 's0.loss_cls': 0.25},
    ]
    assert rows(path) == expected
    # A checkpoint, and the end, write what is left; nothing twice.
    for number, end in (
        (3, lambda: hook.before_save_checkpoint(runner, {})),
        (4, lambda: hook.after_train(runner)),
    ):
        step(hook, runner, number, {'s0.loss_cls': torch.tensor(2.0)})
        expected.append({'step': number, 's0.loss_cls': 2.0})
        end()
        end()
        assert rows(path) == expected


def test_odd_values_stay_readable(tmp_path):
    hook = HOOKS.build(dict(type='StageLossHook'))
    runner = SimpleNamespace(log_dir=str(tmp_path))
    values = [float('nan'), float('inf'), 1 / 3, 0]
    for number, value in enumerate(values, 1):
        step(hook, runner, number, {'s0.loss_cls': torch.tensor(value)})
    hook.after_train(runner)
    # Seven digits: what a float32 holds.
    np.testing.assert_array_equal(
        read_stage_losses(tmp_path).values[:, 0, 0],
        [np.nan, np.inf, 0.3333333, 0],
    )


@pytest.mark.gpu
def test_the_gpu_is_not_waited_for(tmp_path):
    hook = HOOKS.build(dict(type='StageLossHook', flush_interval=10))
    runner = SimpleNamespace(log_dir=str(tmp_path))
    value = torch.tensor(0.25, device='cuda')
    torch.cuda.set_sync_debug_mode('error')
    try:
        for number in range(1, 10):
            step(hook, runner, number, {'s0.loss_cls': value})
    finally:
        torch.cuda.set_sync_debug_mode('default')
    step(hook, runner, 10, {'s0.loss_cls': value})
    assert rows(tmp_path / 'stage_losses.json')[9] == {
        'step': 10,
        's0.loss_cls': 0.25,
    }


@pytest.mark.parametrize('outputs', [None, {}, {'loss_cls': torch.ones(())}])
def test_a_model_without_stages_is_left_alone(tmp_path, outputs):
    hook = HOOKS.build(dict(type='StageLossHook', flush_interval=1))
    runner = SimpleNamespace(log_dir=str(tmp_path))
    step(hook, runner, 1, outputs)
    hook.after_train(runner)
    assert not list(tmp_path.iterdir())


def test_other_ranks_write_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(
        'dense_scene.engine.hooks.stage_loss_hook.is_main_process',
        lambda: False,
    )
    hook = HOOKS.build(dict(type='StageLossHook', flush_interval=1))
    runner = SimpleNamespace(log_dir=str(tmp_path))
    step(hook, runner, 1, {'s0.loss_cls': torch.ones(())})
    assert not list(tmp_path.iterdir())


def test_against_the_stock_log_and_resumed(tmp_path):
    # With these two settings the stock log too has every iteration.
    config = dict(
        custom_hooks=[dict(type='StageLossHook')],
        log_processor=dict(type='LogProcessor', window_size=1),
        default_hooks=dict(
            logger=dict(type='LoggerHook', interval=1),
            checkpoint=dict(type='CheckpointHook', interval=2),
        ),
        **NO_VAL,
    )
    build_runner(tmp_path, 2, epochs=3, **config).train()
    [folder] = [p.parent for p in tmp_path.rglob('stage_losses.json')]
    # Killed after 3 iterations; the checkpoint is of the second.
    folder.rename(folder.with_name('00000000_000000'))
    (tmp_path / 'work' / 'epoch_3.pth').unlink()
    (tmp_path / 'work' / 'last_checkpoint').write_text(
        str(tmp_path / 'work' / 'epoch_2.pth')
    )
    build_runner(tmp_path, 2, epochs=4, resume=True, **config).train()

    files = sorted(tmp_path.rglob('stage_losses.json'))
    steps = [[row['step'] for row in rows(file)] for file in files]
    assert steps == [[1, 2, 3], [3, 4]]
    for file in files:
        stock = rows(file.parent / 'vis_data' / 'scalars.json')
        for ours, theirs in zip(rows(file), stock, strict=True):
            assert len(ours) == 5
            assert ours == pytest.approx({key: theirs[key] for key in ours})
    losses = read_stage_losses(tmp_path / 'work')
    assert losses.steps.tolist() == [1, 2, 3, 4]
    assert losses.values[2, 1, 0] == rows(files[1])[0]['s1.loss_cls']


@pytest.mark.parametrize('interval', [0, -1, 2.0, True])
def test_interval_is_checked(interval):
    with pytest.raises(ValueError) as error:
        HOOKS.build(dict(type='StageLossHook', flush_interval=interval))
    assert str(error.value) == (
        'flush_interval must be a whole number of iterations from 1 on, but '
        f'got {interval!r}. Use for example 50.'
    )
