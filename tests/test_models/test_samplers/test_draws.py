"""No object and no range of IoU is passed over, and nothing comes twice."""

import pytest
import torch
from mmdet.models.task_modules import (
    AssignResult,
    InstanceBalancedPosSampler,
    IoUBalancedNegSampler,
)

from dense_scene.models.samplers.draws import (
    positives_needed,
    sample_over_ious,
    sample_positives,
)

NO_OBJECT = torch.zeros(0, dtype=torch.long)


@pytest.fixture(autouse=True)
def _seed():
    """The functions draw from torch's global generator."""
    torch.manual_seed(0)


def _candidates(counts: list[int]) -> torch.Tensor:
    """Objects 0, 1, ... with so many candidates each."""
    return torch.arange(len(counts)).repeat_interleave(torch.tensor(counts))


def _counts(objects, chosen, num_objects) -> list[int]:
    return objects[chosen].bincount(minlength=num_objects).tolist()


def test_each_object_gets_its_minimum_and_the_best_fill_up():
    # Object 0 has 5 candidates, object 1 has 1, object 2 has 3. With two
    # for each: 2 + 1 + 2 = 5; the other 2 of 7 are the best of the 4 left.
    objects = _candidates([5, 1, 3])
    ious = torch.tensor([0.5, 0.6, 0.7, 0.8, 0.9, 0.5, 0.95, 0.6, 0.5])
    for _ in range(20):
        chosen = sample_positives(objects, ious, 7, 20, min_per_object=2)
        counts = _counts(objects, chosen, 3)
        assert counts[0] >= 2 and counts[1] == 1 and counts[2] >= 2
        left = sorted(set(range(9)) - set(chosen.tolist()))
        # The best of object 0 and of object 2 are drawn or fill up: no two
        # others that can be left over are better.
        assert len(left) == 2 and 4 not in left and 6 not in left


def test_filling_by_iou_takes_the_best_and_at_random_takes_any():
    # One object, one by chance, two by IoU: the two best are always in.
    objects, ious = _candidates([9]), torch.linspace(0.5, 0.9, 9)
    best, others = [], []
    for _ in range(30):
        best.append(sample_positives(objects, ious, 3, 9))
        others.append(sample_positives(objects, ious, 3, 9, fill='random'))
    assert all({7, 8} <= set(chosen.tolist()) for chosen in best)
    assert set(torch.cat(best).tolist()) == set(range(9))
    # Chance alone: 8 is left out of 3 in 9 with probability 2 / 3.
    assert any(8 not in chosen for chosen in others)


@pytest.mark.parametrize('fill', ['iou', 'random'])
def test_rounds_on_random_cases(fill):
    for case in range(150):
        g = torch.Generator().manual_seed(case)
        counts = torch.randint(0, 9, (1 + case % 20,), generator=g).tolist()
        objects = _candidates(counts)
        objects = objects[torch.randperm(len(objects), generator=g)]
        ious = torch.rand(len(objects), generator=g)
        quota, limit, k = case % 31, 31 + case % 40, 1 + case % 4
        chosen = sample_positives(objects, ious, quota, limit, k, fill)
        got = _counts(objects, chosen, len(counts))
        least = [min(have, k) for have in counts]
        assert positives_needed(objects, k) == sum(least)
        most = min(limit, max(quota, sum(least)))
        assert len(chosen) == min(sum(counts), most)
        assert len(chosen.unique()) == len(chosen)
        # At most 20 objects, and the limit is 31 or more.
        assert all(g >= 1 for g, have in zip(got, counts) if have)
        if sum(least) <= limit:
            assert all(g >= low for g, low in zip(got, least))
        else:  # the rounds are not through: no object is two ahead
            short = [g for g, low in zip(got, least) if g < low]
            assert max(got) <= min(short) + 1


def test_who_has_many_candidates_is_not_favored():
    # One sample for two objects, 50 candidates against 1. Fair: 200 of 400
    # times each, standard deviation sqrt(400 / 4) = 10; six of them are 60.
    objects = _candidates([50, 1])
    ious = torch.linspace(0.9, 0.5, 51)
    first = sum(
        int(objects[sample_positives(objects, ious, 1, 1)] == 0)
        for _ in range(400)
    )
    assert 140 < first < 260


def test_copies_come_last():
    # Objects 0 and 1: a copy each, then 3 candidates and none.
    objects = torch.tensor([0, 1, 0, 0, 0])
    ious = torch.tensor([1, 1, 0.7, 0.6, 0.5])
    copies = torch.tensor([True, True, False, False, False])
    for fill in ('iou', 'random'):
        chosen = sample_positives(objects, ious, 4, 9, 1, fill, copies)
        assert sorted(chosen.tolist()) == [1, 2, 3, 4]
        chosen = sample_positives(objects, ious, 2, 9, 2, fill, copies)
        assert 1 in chosen and 0 not in chosen


@pytest.mark.parametrize('quota', [0, 1, 5])
def test_none_and_one(quota):
    none = sample_positives(NO_OBJECT, torch.zeros(0), quota, 5)
    assert none.tolist() == [] and none.dtype == torch.long
    assert sample_over_ious(torch.zeros(0), quota).tolist() == []
    one = torch.zeros(1, dtype=torch.long)
    # An object is worth more than the quota, and nothing is forced on
    # negatives.
    assert sample_positives(one, torch.ones(1), quota, 5).tolist() == [0]
    negative = sample_over_ious(torch.zeros(1), quota).tolist()
    assert negative == [0][:quota]


def test_600_objects():
    objects = _candidates([7] * 600)
    ious = torch.rand(4200)
    counts = _counts(objects, sample_positives(objects, ious, 128, 1024), 600)
    assert counts == [1] * 600
    chosen = sample_positives(objects, ious, 1024, 1536, min_per_object=3)
    # 600 + 600 in two rounds, 336 objects have a third.
    assert sorted(_counts(objects, chosen, 600)) == [2] * 264 + [3] * 336
    chosen = sample_positives(objects, ious, 1024, 3072, min_per_object=3)
    assert _counts(objects, chosen, 600) == [3] * 600
    # More objects than samples: the limit holds, one for each of 256.
    chosen = sample_positives(objects, ious, 128, 256)
    assert sorted(_counts(objects, chosen, 600)) == [0] * 344 + [1] * 256


def test_a_seed_draws_the_same_and_numbering_does_not_matter():
    objects, ious = _candidates([5, 3, 8, 1]), torch.rand(17)
    renamed = torch.tensor([40, 7, 11, 90])[objects]
    draws = []
    for names in (objects, objects, renamed):
        torch.manual_seed(3)
        draws.append(sample_positives(names, ious, 9, 20, 2).tolist())
        draws[-1] += sample_over_ious(ious, 6).tolist()
    assert draws[0] == draws[1] == draws[2]
    different = sample_positives(objects, ious, 9, 20, 2).tolist()
    assert different != draws[0][:9]


def _assigned(gt_inds: torch.Tensor, ious: torch.Tensor) -> AssignResult:
    num_gts = int(gt_inds.max()) if len(gt_inds) else 0
    return AssignResult(num_gts, gt_inds, ious, torch.zeros_like(gt_inds))


def test_positives_agree_with_mmdet_where_the_rules_do():
    # mmdet takes round(8 / 4) + 1 = 3 of each object at most; here these
    # are 1 + 1 + 3 + 3 = 8, the quota, so that it draws no further.
    objects = _candidates([1, 1, 3, 10])
    stock = InstanceBalancedPosSampler(num=16, pos_fraction=0.5)
    theirs = stock._sample_pos(_assigned(objects + 1, torch.ones(15)), 8)
    ours = sample_positives(objects, torch.ones(15), 8, 16, 3)
    assert _counts(objects, theirs, 4) == [1, 1, 3, 3]
    assert _counts(objects, ours, 4) == [1, 1, 3, 3]


def _bins(ious: torch.Tensor, num_bins: int, top: float) -> list[int]:
    index = (ious / top * num_bins).long().clamp(max=num_bins - 1)
    return index.bincount(minlength=num_bins).tolist()


@pytest.mark.parametrize('num_bins', [2, 3, 5])
def test_negatives_agree_with_mmdet_where_the_rules_do(num_bins):
    # Each bin has more than its part, so that both take the same of each.
    ious = torch.linspace(0.001, 0.5, 400)
    stock = IoUBalancedNegSampler(60, 0.5, num_bins=num_bins)
    free = torch.zeros(400, dtype=torch.long)
    theirs = stock._sample_neg(_assigned(free, ious), 60)
    ours = sample_over_ious(ious, 60, num_bins)
    assert _bins(ious[theirs], num_bins, 0.5) == [60 // num_bins] * num_bins
    assert _bins(ious[ours], num_bins, 0.5) == [60 // num_bins] * num_bins


def test_a_bin_that_has_too_few_leaves_its_part_to_the_others():
    # Bins to 0.2, 0.4 and 0.6 with 100, 2 and 100 candidates: of 12 the
    # second gives its 2, the others 5 each.
    sizes = torch.tensor([100, 2, 100])
    ious = torch.tensor([0.1, 0.3, 0.6]).repeat_interleave(sizes)
    chosen = sample_over_ious(ious, 12)
    assert _bins(ious[chosen], 3, 0.6) == [5, 2, 5]
    assert len(chosen.unique()) == 12
    # A bin has one more than another at most, whichever it is.
    seen = {
        tuple(_bins(ious[sample_over_ious(ious, 7)], 3, 0.6))
        for _ in range(30)
    }
    assert seen == {(2, 2, 3), (3, 2, 2)}


def test_probability_within_a_bin_is_the_papers():
    # Eq. (2): N = 12 over K = 3 bins; the bins have M_k = 8, 16 and 40, so
    # p_k = 4 / M_k. 500 draws: the standard deviation of one candidate's
    # count is at most sqrt(500 / 4) = 11.2; six of them are 67.
    sizes = torch.tensor([8, 16, 40])
    ious = torch.tensor([0.1, 0.3, 0.6]).repeat_interleave(sizes)
    drawn = torch.cat([sample_over_ious(ious, 12) for _ in range(500)])
    expected = (500 * 4 / sizes).repeat_interleave(sizes)
    assert (drawn.bincount(minlength=64) - expected).abs().max() < 67
    # One bin is plain random sampling: p = N / M = 12 / 64.
    drawn = torch.cat([sample_over_ious(ious, 12, 1) for _ in range(500)])
    assert (drawn.bincount(minlength=64) - 500 * 12 / 64).abs().max() < 67


@pytest.mark.parametrize('dtype', [torch.half, torch.bfloat16, torch.double])
def test_overlaps_of_any_kind(dtype):
    assert len(sample_over_ious(torch.zeros(50, dtype=dtype), 7)) == 7
    equal = torch.full((50,), 0.25, dtype=dtype)
    assert len(sample_over_ious(equal, 7).unique()) == 7
    bad = torch.tensor([float('nan')] * 40 + [0.1] * 10, dtype=dtype)
    chosen = sample_over_ious(bad, 12, 2)
    assert (chosen >= 40).sum() == 6
    positives = sample_positives(_candidates([25, 25]), equal, 10, 50, 5)
    assert _counts(_candidates([25, 25]), positives, 2) == [5, 5]


@pytest.mark.gpu
def test_a_seed_draws_the_same_on_the_gpu(gpu):
    objects, ious = _candidates([7] * 600), torch.rand(4200)
    draws = []
    for device in ('cpu', gpu.type):
        torch.manual_seed(5)
        pair = objects.to(device), ious.to(device)
        positives = sample_positives(*pair, 1536, 3072, 2)
        negatives = sample_over_ious(pair[1], 512)
        assert positives.device.type == negatives.device.type == device
        draws.append((positives.tolist(), negatives.tolist()))
    assert draws[0] == draws[1]
