"""What a resumed training takes from its checkpoint is said."""

import re

import pytest
import torch
from mmengine.hooks import EMAHook
from mmengine.optim import CosineAnnealingLR

from dense_scene.engine.start_check.resumed import (
    check_averages,
    check_counts,
    check_settings,
)


def groups_of(kind=torch.optim.SGD, cosine=False, **settings):
    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer = kind([weight], **{'lr': 0.1, **settings})
    if cosine:
        scheduler = CosineAnnealingLR(optimizer, T_max=4)
        optimizer.step()
        scheduler.step()
        assert optimizer.param_groups[0]['lr'] < 0.1
    return optimizer.state_dict()['param_groups']


def test_the_same_settings_at_another_moment():
    for now, saved in (
        (groups_of(momentum=0.9), groups_of(momentum=0.9)),
        (groups_of(), groups_of(cosine=True)),
        (groups_of(), []),
    ):
        found = check_settings(now, saved)
        assert found.warnings == found.errors == []


@pytest.mark.parametrize(
    'change, words',
    [
        (dict(lr=0.5), 'lr of the config is 0.5, but .* checkpoint, 0.1'),
        (dict(weight_decay=0.1), 'weight_decay of the config is 0.1'),
    ],
)
def test_settings_of_the_config_that_are_not_used(change, words):
    (line,) = check_settings(groups_of(**change), groups_of()).warnings
    assert re.search(words, line)


def test_another_optimizer_is_refused():
    """It would fail in its first step, or train with the other's settings."""
    adam = groups_of(torch.optim.AdamW)
    (line,) = check_settings(adam, groups_of()).errors
    assert 'betas' in line and 'momentum' in line


def test_averages_that_go_on_without_their_hook():
    assert check_averages([], {}).warnings == []
    averaged = dict(ema_state_dict={})
    assert check_averages([EMAHook()], averaged).warnings == []
    assert len(check_averages([], averaged).warnings) == 1


def scheduler_at(step):
    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([weight], lr=0.1)
    # It ends before the training, which is no fault of a checkpoint.
    scheduler = CosineAnnealingLR(optimizer, T_max=5, end=5, by_epoch=False)
    for _ in range(step):
        optimizer.step()
        scheduler.step()
    return scheduler


@pytest.mark.parametrize(
    'epoch, iteration, per_epoch, step, words',
    [
        (2, 8, 4, 8, None),
        (0, 8, None, 8, None),
        # twice the batch: an epoch has half as many iterations
        (2, 8, 2, 8, '8 iterations in 2 epochs, but an epoch has 2 now'),
        (2, 8, 4, 0, 'at step 0, but the training at iteration 8'),
    ],
)
def test_counts_of_one_moment(epoch, iteration, per_epoch, step, words):
    schedulers = [scheduler_at(step)]
    lines = check_counts(epoch, iteration, per_epoch, schedulers).warnings
    assert len(lines) == bool(words)
    assert not words or words in lines[0]
