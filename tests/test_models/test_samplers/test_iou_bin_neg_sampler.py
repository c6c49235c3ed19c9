"""Hard negatives are drawn as often as easy ones."""

from collections.abc import Iterator

import pytest
import torch
from mmdet.registry import TASK_UTILS

import dense_scene  # noqa: F401  registers the sampler

from .cases import make_case, sample


def _config(**changes: object) -> dict:
    config = dict(type='IoUBinNegSampler', num=120, pos_fraction=0.5)
    return {**config, **changes}


def _negative_bins(name: str, images: int, **changes: object) -> list:
    """Per image, the negatives below, in and above the middle third."""
    sampler = TASK_UTILS.build(_config(type=name, **changes))
    found = []
    for seed in range(images):
        assigned, priors, truth = make_case([10] * 10, 6000, seed=seed)
        # Nine of ten do not overlap at all, as in an RPN.
        negative = (assigned.gt_inds == 0).nonzero().squeeze(1)
        assigned.max_overlaps[negative[: len(negative) * 9 // 10]] = 0
        result = sampler.sample(assigned, priors, truth)
        ious = assigned.max_overlaps[result.neg_inds]
        edges = torch.tensor([1, 2]) / 6  # of the 0.5 that negatives reach
        found.append(
            torch.bucketize(ious, edges).bincount(minlength=3).tolist()
        )
    return found


@pytest.mark.parametrize('add', [True, False])
def test_each_third_gives_a_third(add):
    # 60 positives and 60 negatives; the top is not quite 0.5, so that one
    # at the edge of a bin may count with its neighbor.
    for bins in _negative_bins('IoUBinNegSampler', 3, add_gt_as_proposals=add):
        assert sum(bins) == 60
        assert all(abs(count - 20) <= 1 for count in bins)


def test_as_many_bins_as_asked_for():
    """Nine of ten do not overlap. Five bins give each fifth 12 of 60."""
    for bins in _fifths(num_bins=5):
        assert all(abs(count - 12) <= 1 for count in bins)
    # Of three bins the first gives 20, and most of its candidates have 0.
    assert all(bins[0] > 16 for bins in _fifths(num_bins=3))


def _fifths(num_bins: int) -> Iterator[list]:
    sampler = TASK_UTILS.build(_config(num_bins=num_bins))
    for seed in range(3):
        assigned, priors, truth = make_case([10] * 10, 6000, seed=seed)
        negative = (assigned.gt_inds == 0).nonzero().squeeze(1)
        assigned.max_overlaps[negative[: len(negative) * 9 // 10]] = 0
        result = sampler.sample(assigned, priors, truth)
        edges = torch.arange(1, 5) / 10  # of the 0.5 that negatives reach
        found = assigned.max_overlaps[result.neg_inds]
        yield torch.bucketize(found, edges).bincount(minlength=5).tolist()


def test_where_mmdets_bins_end_at_the_positives():
    """Why there is a class of our own: mmdet's bins reach IoU 1."""
    # mmdet: [0, 1/3) and [1/3, 2/3) give 20 each, [2/3, 1) has none and its
    # 20 are drawn from all that is left. Our first third gets, of the first
    # and the last 20, all that have IoU 0 and a few: about 0.93 x 40 = 37.
    first, second = _negative_bins('IoUBalancedNegSampler', 2)
    assert first[0] > 30
    # From the second image on floor_thr is 0 and IoU 0 is left out: half of
    # the first 20 and a third of the last are 17.
    assert second[0] < 28
    random = _negative_bins('RandomSampler', 1)[0]
    assert random[0] > 48  # 0.9 + 0.1 / 3 of 60 are 56


def test_positives_are_random_samplers():
    for counts in ([30] * 10, [1, 2]):
        picked = []
        for name in ('IoUBinNegSampler', 'RandomSampler'):
            result = sample(_config(type=name), counts, 2000)
            picked.append(result.pos_inds.tolist())
        assert picked[0] == picked[1]


@pytest.mark.parametrize('objects', [0, 1, 600])
def test_samples_are_of_their_kind_and_none_comes_twice(objects):
    config = _config(num=512, neg_pos_ub=3, num_bins=4)
    assigned, priors, truth = make_case([2] * objects, 3000, 50)
    result = TASK_UTILS.build(config).sample(assigned, priors, truth)
    assert (assigned.gt_inds[result.neg_inds] == 0).all()
    assert len(result.neg_inds.unique()) == len(result.neg_inds)
    # Of one object 2 positives and its copy: 9 negatives; of none 3 x 1.
    assert len(result.neg_inds) == {0: 3, 1: 9, 600: 256}[objects]


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match='num_bins must be .* but got 0'):
        TASK_UTILS.build(_config(num_bins=0))
    with pytest.raises(ValueError, match='pos_fraction must be .* got 2'):
        TASK_UTILS.build(_config(pos_fraction=2))
