"""Hooks and validation that a shorter training leaves behind."""

from types import SimpleNamespace

import pytest
from mmdet.engine.hooks import PipelineSwitchHook
from mmengine.dataset import ConcatDataset
from mmengine.hooks import CheckpointHook

from dense_scene.engine.start_check.counted import (
    check_hooks,
    check_validation,
)
from dense_scene.engine.start_check.schedule import Length

EPOCHS, ITERATIONS = Length(12, 1200), Length(None, 1200)


@pytest.mark.parametrize(
    'length, by_epoch, words',
    [
        (EPOCHS, True, None),
        (ITERATIONS, False, None),
        (ITERATIONS, True, 'nothing is saved before its end'),
    ],
)
def test_a_checkpoint_that_comes_too_late(length, by_epoch, words):
    hook = CheckpointHook(interval=1, by_epoch=by_epoch)
    lines = check_hooks([hook], length, None).warnings
    assert len(lines) == bool(words)
    assert not words or words in lines[0]


@pytest.mark.parametrize('epoch, count', [(11, 0), (12, 1), (280, 1)])
def test_a_pipeline_that_never_switches(epoch, count):
    """Epochs are counted from 0: the last of 12 is 11."""
    hook = PipelineSwitchHook(switch_epoch=epoch, switch_pipeline=[])
    lines = check_hooks([hook], EPOCHS, None).warnings
    assert len(lines) == count
    assert all(f'at epoch {epoch}, but' in line for line in lines)


def test_a_pipeline_of_the_wrapper():
    hook = PipelineSwitchHook(switch_epoch=4, switch_pipeline=[])
    part = SimpleNamespace(
        metainfo={}, full_init=lambda: None, __len__=lambda: 1
    )
    joined = ConcatDataset.__new__(ConcatDataset)
    joined.datasets = [part, part]
    (line,) = check_hooks([hook], EPOCHS, joined).warnings
    assert 'ConcatDataset has none' in line


@pytest.mark.parametrize('begin, count', [(1, 0), (12, 0), (13, 1)])
def test_a_validation_that_never_begins(begin, count):
    loop = SimpleNamespace(val_begin=begin)
    assert len(check_validation(loop, EPOCHS).warnings) == count
