"""Epochs of any length, each image once in each pass."""

from collections import Counter

import pytest
from mmengine.registry import DATA_SAMPLERS
from mmengine.runner import Runner

from dense_scene.datasets import epoch_length_sampler as module
from dense_scene.datasets.epoch_length_sampler import EpochLengthSampler


def draw(sampler, epochs):
    for epoch in range(epochs):
        sampler.set_epoch(epoch)
        yield list(sampler)


@pytest.mark.parametrize('size', [1, 3, 7, 10, 25])
def test_every_pass_has_every_image_once(size):
    sampler = EpochLengthSampler(range(7), size, seed=0)
    epochs = list(draw(sampler, 14))
    assert [len(epoch) for epoch in epochs] == [size] * 14
    assert len(sampler) == size
    drawn = [index for epoch in epochs for index in epoch]
    for first in range(0, len(drawn) - 6, 7):
        assert sorted(drawn[first : first + 7]) == list(range(7))
    # Two passes in one order would be 1 of 5,040.
    assert drawn[:7] != drawn[7:14]


def test_an_epoch_is_the_same_however_it_is_reached():
    first, again = (EpochLengthSampler(range(9), 4, seed=3) for _ in '12')
    epochs = list(draw(first, 5))
    again.set_epoch(4)
    assert list(again) == list(again) == epochs[4]
    other = EpochLengthSampler(range(9), 4, seed=4)
    assert [*draw(other, 5)] != epochs


def test_ranks_share_an_epoch(monkeypatch):
    whole = EpochLengthSampler(range(10), 6, seed=1)
    parts = []
    for rank in (0, 1):
        monkeypatch.setattr(module, 'get_dist_info', lambda r=rank: (r, 2))
        parts.append(list(EpochLengthSampler(range(10), 6, seed=1)))
    assert [len(part) for part in parts] == [3, 3]
    assert Counter(parts[0] + parts[1]) == Counter(whole)
    # Seven of two ranks are three each, as batches must be equally many.
    assert len(EpochLengthSampler(range(10), 7, seed=1)) == 3


def test_a_loader_of_a_config_has_that_many_batches():
    loader = Runner.build_dataloader(
        dict(
            batch_size=2,
            num_workers=0,
            sampler=dict(type='EpochLengthSampler', size=10),
            dataset=list(range(3)),
        ),
        seed=0,
    )
    assert len(loader) == len(list(loader)) == 5
    assert DATA_SAMPLERS.get('EpochLengthSampler') is EpochLengthSampler


@pytest.mark.parametrize('size', [0, -4, 2.5, True])
def test_a_wrong_size_is_refused(size):
    with pytest.raises(ValueError, match='size must be a positive integer'):
        EpochLengthSampler(range(3), size)


def test_no_image_is_no_batch():
    assert list(EpochLengthSampler([], 4, seed=0)) == []
