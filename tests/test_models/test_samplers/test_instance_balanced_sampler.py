"""Every object gets positives, through mmdet's own sampling."""

import copy
import warnings

import pytest
import torch
from mmdet.models.task_modules import AssignResult
from mmdet.registry import TASK_UTILS
from mmengine.structures import InstanceData

import dense_scene  # noqa: F401  registers the sampler

from .cases import make_case, positives_per_object, sample


def _config(**changes: object) -> dict:
    config = dict(
        type='InstanceBalancedSampler',
        num=256,
        pos_fraction=0.5,
        add_gt_as_proposals=False,
    )
    return {**config, **changes}


def _rpn_case(seed: int = 0) -> tuple:
    # 147 objects, SKU-110K's mean: 60 with 1 positive, 87 with 20.
    return [1] * 60 + [20] * 87, 3000, 200, seed


def test_no_object_is_without_a_positive_where_mmdet_leaves_many():
    ours = sample(_config(), *_rpn_case())
    assert min(positives_per_object(ours)) == 1
    assert len(ours.pos_inds) == 147  # over 0.5 x 256, as there are 147
    assert len(ours.neg_inds) == 256 - 147
    for stock in ('RandomSampler', 'InstanceBalancedPosSampler'):
        theirs = sample(_config(type=stock), *_rpn_case())
        # 128 positives serve at most 128 of 147 objects.
        assert positives_per_object(theirs).count(0) >= 147 - 128


@pytest.mark.filterwarnings('ignore:num=256 samples are fewer')
@pytest.mark.parametrize('seed', range(5))
def test_samples_are_of_their_kind_and_none_comes_twice(seed):
    counts, negatives, ignored, _ = _rpn_case()
    for config in (
        _config(),
        _config(add_gt_as_proposals=True, min_pos_per_object=3),
        _config(neg_pos_ub=0.5, fill='random'),
    ):
        assigned, priors, truth = make_case(counts, negatives, ignored, seed)
        sampler = TASK_UTILS.build(config)
        result = sampler.sample(assigned, priors, truth)
        assert (assigned.gt_inds[result.pos_inds] > 0).all()
        assert (assigned.gt_inds[result.neg_inds] == 0).all()
        both = torch.cat([result.pos_inds, result.neg_inds])
        assert len(both.unique()) == len(both) <= 256
        bound = 0.5 if 'neg_pos_ub' in config else 9
        assert len(result.neg_inds) <= bound * len(result.pos_inds)


def test_equals_random_sampler_where_all_positives_fit():
    # 9 + 5 + 1 positives and 3 copies, of 0.5 x 256 wanted.
    args = [9, 5, 1], 3000, 100
    results = [
        sample(_config(type=name, add_gt_as_proposals=True), *args)
        for name in ('InstanceBalancedSampler', 'RandomSampler')
    ]
    ours, theirs = (result.pos_inds.tolist() for result in results)
    assert ours == theirs and len(ours) == 18
    # The same seed and no number drawn for the positives: the same boxes.
    ours, theirs = (result.neg_inds.tolist() for result in results)
    assert ours == theirs


def test_copies_serve_who_has_nothing_else():
    # 128 wanted: objects 0 to 9 have a copy alone, 10 to 19 also 30 each.
    args = [0] * 10 + [30] * 10, 500
    result = sample(_config(add_gt_as_proposals=True), *args)
    assert result.pos_is_gt.sum() == 10
    copies = result.pos_assigned_gt_inds[result.pos_is_gt.bool()]
    assert copies.tolist() == list(range(10))
    assert len(result.pos_inds) == 128


@pytest.mark.parametrize('least', [1, 2, 3])
def test_each_object_gets_its_minimum_beyond_pos_fraction(least):
    # 40 objects with 1 positive, 50 with 9; 0.25 x 512 = 128.
    args = [1] * 40 + [9] * 50, 3000
    config = _config(num=512, pos_fraction=0.25, min_pos_per_object=least)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        result = sample(config, *args)
    counts = positives_per_object(result)
    assert counts[:40] == [1] * 40 and min(counts[40:]) >= least
    assert len(result.pos_inds) == max(128, 40 + 50 * least)
    assert len(result.pos_inds) + len(result.neg_inds) == 512


def test_without_copies_the_first_boxes_are_none():
    """In an RPN the first anchors are anchors, whatever their number."""
    assigned, priors, truth = make_case([9, 9], 300)
    assigned.max_overlaps[:] = 0.5
    first = (assigned.gt_inds > 0).nonzero()[0].item()
    # The positives of object 1 and 2 lie first: the best of all among them.
    order = torch.cat(
        [
            (assigned.gt_inds > 0).nonzero().squeeze(1),
            (assigned.gt_inds == 0).nonzero().squeeze(1),
        ]
    )
    assigned.gt_inds = assigned.gt_inds[order]
    assigned.labels = assigned.labels[order]
    assigned.max_overlaps[:2] = 0.9
    assert first < 318
    for seed in range(9):
        torch.manual_seed(seed)
        # One for each of two objects, and two by IoU.
        sampler = TASK_UTILS.build(_config(num=8))
        chosen = sampler.sample(assigned, priors, truth).pos_inds
        assert {0, 1} <= set(chosen.tolist())


def test_the_third_box_after_two_copies_is_none():
    """Two objects and their copies, then two boxes each; two by IoU."""
    assigned, priors, truth = make_case([2, 2], 0)
    assigned.gt_inds = torch.tensor([1, 1, 2, 2])
    assigned.max_overlaps = torch.tensor([0.9, 0.6, 0.8, 0.7])
    sampler = TASK_UTILS.build(_config(num=8, add_gt_as_proposals=True))
    for seed in range(9):
        torch.manual_seed(seed)
        chosen = sampler.sample(copy.copy(assigned), priors, truth).pos_inds
        # Positions 0 and 1 are the copies: all four others, no copy.
        assert chosen.tolist() == [2, 3, 4, 5]


def test_more_objects_than_samples_is_said():
    with pytest.warns(UserWarning, match='num=64 samples are fewer'):
        result = sample(_config(num=64), [2] * 100, 500)
    assert sorted(positives_per_object(result)) == [0] * 36 + [1] * 64
    assert len(result.neg_inds) == 0
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        sample(_config(num=64), [80] * 64, 500)


@pytest.mark.parametrize('add', [True, False])
def test_no_object_one_and_600(add):
    config = _config(num=1024, add_gt_as_proposals=add)
    none = sample(config, [], 2000)
    assert (len(none.pos_inds), len(none.neg_inds)) == (0, 1024)
    one = sample(config, [3], 2000)
    assert len(one.pos_inds) == 3 + add
    many = sample(config, [5] * 600, 2000)
    assert positives_per_object(many) == [1] * 600
    assert len(many.neg_inds) == 1024 - 600
    # Two for each would be 1,200 of 1,024 samples: one for each, chance.
    with pytest.warns(UserWarning, match='num=1024 samples are fewer'):
        many = sample({**config, 'min_pos_per_object': 2}, [5] * 600, 2000)
    assert sorted(positives_per_object(many)) == [1] * 176 + [2] * 424
    assert len(many.neg_inds) == 0
    empty = TASK_UTILS.build(config).sample(*make_case([], 0))
    assert len(empty.pos_inds) == len(empty.neg_inds) == 0


def test_in_a_combined_sampler_with_its_arguments():
    config = dict(
        type='CombinedSampler',
        num=512,
        pos_fraction=0.25,
        add_gt_as_proposals=False,
        pos_sampler=dict(type='InstanceBalancedSampler'),
        neg_sampler=dict(type='IoUBinNegSampler'),
    )
    result = sample(config, *_rpn_case())
    # 147 objects instead of 0.25 x 512 = 128.
    assert positives_per_object(result) == [1] * 147
    assert len(result.neg_inds) == 512 - 147


def test_a_seed_draws_the_same():
    first, again = (sample(_config(), *_rpn_case()) for _ in range(2))
    assert first.pos_inds.tolist() == again.pos_inds.tolist()
    assert first.neg_inds.tolist() == again.neg_inds.tolist()


@pytest.mark.parametrize(
    'changes, words',
    [
        (dict(num=0), 'num must be a positive integer, but got 0'),
        (dict(num=25.5), 'num must be .* got 25.5'),
        (dict(pos_fraction=0), r'pos_fraction must be .*\(0, 1\].* got 0'),
        (dict(pos_fraction=1.5), 'pos_fraction must be .* got 1.5'),
        (dict(pos_fraction=float('nan')), 'pos_fraction must be .* nan'),
        (dict(neg_pos_ub=-2), 'neg_pos_ub, unless -1 .* got -2'),
        (dict(min_pos_per_object=0), 'min_pos_per_object must be .* got 0'),
        (dict(min_pos_per_object=True), 'min_pos_per_object must .* True'),
        (dict(fill='best'), "fill must be one of 'iou', 'random', .*'best'"),
    ],
)
def test_bad_arguments_are_named(changes, words):
    with pytest.raises(ValueError, match=words):
        TASK_UTILS.build(_config(**changes))


def test_an_assigner_without_overlaps_is_named():
    assigned = AssignResult(
        1, torch.ones(3, dtype=torch.long), None, torch.zeros(3)
    )
    boxes = InstanceData(priors=torch.zeros(3, 4))
    truth = InstanceData(
        bboxes=torch.zeros(1, 4), labels=torch.zeros(1, dtype=torch.long)
    )
    for name in ('InstanceBalancedSampler', 'IoUBinNegSampler'):
        sampler = TASK_UTILS.build(_config(type=name))
        with pytest.raises(ValueError, match=f'{name} must be given max_ov'):
            sampler.sample(assigned, boxes, truth)
