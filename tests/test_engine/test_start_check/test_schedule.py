"""Schedules that do not fit the training, and none that do."""

import pytest
import torch
from mmdet.registry import PARAM_SCHEDULERS
from mmengine.registry import init_default_scope

from dense_scene.engine.start_check.schedule import (
    Length,
    check_batch_size,
    check_max_epochs,
    check_schedule,
)

PER_EPOCH = 100
WARM_UP = dict(
    type='LinearLR', start_factor=0.1, by_epoch=False, begin=0, end=50
)
BY_ITER = dict(by_epoch=True, convert_to_iter_based=True)
COSINE = dict(type='CosineAnnealingLR', **BY_ITER)
ONE_CYCLE = dict(type='OneCycleLR', eta_max=1, **BY_ITER)
RESTARTS = dict(
    type='CosineRestartLR',
    periods=[4, 8],
    restart_weights=[1, 1],
    eta_min=0,
    **BY_ITER,
)
STEPS = dict(type='MultiStepLR', by_epoch=True, milestones=[8, 11])


def warnings(*configs, epochs=12, iters=None, resumed=False):
    """The lines for schedulers that are built as the Runner builds them."""
    init_default_scope('mmdet')
    length = Length(epochs, iters or epochs * PER_EPOCH)
    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([weight], lr=0.1)
    schedulers = []
    for config in configs:
        config = dict(config)
        by_epoch = config.get('by_epoch', True)
        # Runner._build_param_scheduler
        config.setdefault('end', (epochs or 1) if by_epoch else length[1])
        schedulers.append(
            PARAM_SCHEDULERS.build(
                config,
                default_args=dict(optimizer=optimizer, epoch_length=PER_EPOCH),
            )
        )
    return check_schedule(schedulers, length, resumed).warnings


@pytest.mark.parametrize(
    'configs, epochs',
    [
        ([], 12),
        ([WARM_UP], 12),  # a constant rate after it
        ([WARM_UP, STEPS], 12),
        ([WARM_UP, COSINE], 3),
        ([WARM_UP, COSINE], 30),  # it follows from the length
        # mmdet's YOLOX: a longer period, and a part that is flat
        (
            [
                dict(type='QuadraticWarmupLR', begin=0, end=5, **BY_ITER),
                dict(COSINE, begin=5, T_max=285, end=285),
                dict(
                    type='ConstantLR',
                    by_epoch=True,
                    factor=1,
                    begin=285,
                    end=300,
                ),
            ],
            300,
        ),
        # RTMDet: flat, then a cosine
        ([WARM_UP, dict(COSINE, begin=150, end=300, T_max=150)], 300),
        # DETR drops once, after two thirds
        ([dict(STEPS, milestones=[100], end=150)], 150),
        ([dict(type='PolyLR', by_epoch=True, power=0.9)], 12),
        ([dict(type='ExponentialLR', gamma=0.9, end=1000)], 12),
        ([ONE_CYCLE], 12),
        ([RESTARTS], 12),
    ],
)
def test_schedules_that_fit(configs, epochs):
    assert warnings(*configs, epochs=epochs) == []


@pytest.mark.parametrize(
    'config, epochs, words',
    [
        # train/29: lr climbs back to its peak, never gets down, stays
        (dict(COSINE, T_max=3), 6, 'lets lr rise again from epoch 3, but'),
        (dict(COSINE, T_max=24, end=24), 6, 'ends at epoch 24, but the train'),
        (dict(COSINE, T_max=24), 6, 'is at its lowest at epoch 24, but'),
        (dict(COSINE, T_max=24, end=24), 30, 'ends at epoch 24, but .* at 30'),
        (dict(STEPS, end=12), 24, 'the schedule ends at epoch 12, but'),
        (STEPS, 24, 'acts for the last time at epoch 11, but'),
        (STEPS, 10, 'MultiStepLR has a step at epoch 11, but'),
        (dict(COSINE, begin=12, end=24), 12, 'begins at epoch 12, but'),
        (dict(type='PolyLR', by_epoch=True, end=24), 12, 'ends at epoch 24'),
        # 500 iterations of warm-up in a training of 300
        (dict(WARM_UP, end=500), 3, 'LinearLR ends at epoch 5, but .* at 3'),
        (
            dict(ONE_CYCLE, total_steps=24),
            12,
            'lowest at epoch 24, .* total_s',
        ),
        (dict(ONE_CYCLE, total_steps=6), 12, 'nothing to say from epoch 6'),
        (RESTARTS, 24, 'nothing to say from epoch 12, .* Let periods add up'),
        (RESTARTS, 8, 'is at its lowest at epoch 12, but'),
    ],
)
def test_schedules_that_do_not(config, epochs, words):
    import re

    (line,) = warnings(config, epochs=epochs)
    assert re.search(words, line), line


def test_iterations():
    by_iter = dict(STEPS, by_epoch=False, milestones=[60_000, 80_000])
    assert warnings(by_iter, epochs=None, iters=90_000) == []
    (line,) = warnings(by_iter, epochs=None, iters=70_000)
    assert 'has a step at iteration 80000, but the training ends' in line
    (line,) = warnings(STEPS, epochs=None, iters=90_000)
    assert 'MultiStepLR counts epochs, but the training iterations' in line


def test_what_a_checkpoint_brings():
    (line,) = warnings(dict(COSINE, T_max=2, end=2), epochs=4, resumed=True)
    assert 'The checkpoint brings the length that it was made for' in line


@pytest.mark.parametrize(
    'batch, processes, accumulated, auto, words',
    [
        (2, 8, 1, dict(enable=False, base_batch_size=16), None),
        (4, 1, 4, dict(enable=False, base_batch_size=16), None),
        (2, 1, 1, dict(enable=True, base_batch_size=16), None),
        (2, 1, 4, dict(enable=True, base_batch_size=8), None),
        (2, 1, 4, dict(enable=True, base_batch_size=2), 'not count .* them 8'),
        (2, 1, 1, dict(enable=False), None),
        (2, 1, 1, None, None),
        (2, 1, 1, dict(base_batch_size=16), 'of 16 .* have 2 images. Train'),
        (2, 4, 3, dict(base_batch_size=2), '2 images x 4 processes x 3 acc'),
    ],
)
def test_batch_size(batch, processes, accumulated, auto, words):
    import re

    found = check_batch_size(batch, processes, accumulated, auto).warnings
    assert len(found) == (words is not None)
    assert words is None or re.search(words, found[0]), found


def test_max_epochs_of_a_child():
    assert check_max_epochs(dict(train_cfg=dict(max_epochs=3))).warnings == []
    config = dict(max_epochs=3, train_cfg=dict(max_epochs=3))
    assert check_max_epochs(config).warnings == []
    assert check_max_epochs(dict(max_epochs=3, train_cfg=None)).warnings == []
    config['max_epochs'] = 9
    (line,) = check_max_epochs(config).warnings
    assert 'max_epochs = 9' in line and 'train_cfg.max_epochs is 3' in line
