"""Soft-NMS by hand and against its definition in float64."""

import importlib
import math

import numpy as np
import pytest
import torch

import portable_ops
from tests.test_portable_ops.inputs import (
    make_dense_boxes,
    make_tied_scores,
    touching_row,
)

# The package's function has the name of its module.
module = importlib.import_module('portable_ops.soft_nms')

# IoU of the first two is 8 / 12 = 2/3, the third is apart.
BOXES = torch.tensor([[0.0, 0, 10, 1], [2, 0, 12, 1], [20, 0, 30, 1]])
SCORES = torch.tensor([0.5, 0.9, 0.7])


@pytest.mark.parametrize(
    'method, reduced',
    [
        ('linear', 0.5 * (1 - 2 / 3)),
        ('gaussian', 0.5 * math.exp(-((2 / 3) ** 2) / 0.5)),
    ],
)
def test_by_hand(method, reduced):
    dets, inds = portable_ops.soft_nms(BOXES, SCORES, method=method)
    assert inds.tolist() == [1, 2, 0]
    torch.testing.assert_close(dets[:, 4], torch.tensor([0.9, 0.7, reduced]))
    assert torch.equal(dets[:, :4], BOXES[inds])


def test_naive_is_nms():
    dets, inds = portable_ops.soft_nms(BOXES, SCORES, 0.3, method='naive')
    assert inds.tolist() == [1, 2]
    assert dets[:, 4].tolist() == SCORES[inds].tolist()


def test_linear_leaves_boxes_below_the_threshold_alone():
    dets, _ = portable_ops.soft_nms(BOXES, SCORES, 0.7, method='linear')
    assert dets[:, 4].tolist() == SCORES[[1, 2, 0]].tolist()


def test_scores_below_the_minimum_go():
    # 0.5 / 3 = 0.167
    _, kept = portable_ops.soft_nms(BOXES, SCORES, min_score=0.16)
    assert kept.tolist() == [1, 2, 0]
    _, kept = portable_ops.soft_nms(BOXES, SCORES, min_score=0.17)
    assert kept.tolist() == [1, 2]
    # 0.7 is not below 0.7.
    _, kept = portable_ops.soft_nms(BOXES, SCORES, min_score=0.7)
    assert kept.tolist() == [1, 2]


def test_dropped_boxes_are_replaced_from_the_end():
    """mmcv's permutation, which orders equal scores: 1 and 2 drop out, 4 and
    then 3 take their places."""
    scores = torch.tensor([0.9, 0.05, 0.05, 0.5, 0.5])
    _, kept = portable_ops.soft_nms(touching_row(5), scores, min_score=0.1)
    assert kept.tolist() == [0, 4, 3]


@pytest.mark.parametrize('num', [0, 1])
def test_none_and_one(num):
    dets, inds = portable_ops.soft_nms(torch.ones(num, 4), torch.ones(num))
    assert dets.shape == (num, 5)
    assert inds.tolist() == list(range(num))


def test_equal_boxes():
    """IoU 1: linear takes the rest to 0, so one stays."""
    boxes = torch.tensor([[3.0, 3, 8, 9]]).repeat(600, 1)
    _, inds = portable_ops.soft_nms(boxes, torch.linspace(0.1, 1, 600))
    assert inds.tolist() == [599]


def test_touching_boxes_keep_their_scores():
    scores = torch.linspace(1, 0.5, 600)
    dets, inds = portable_ops.soft_nms(touching_row(600), scores)
    assert inds.tolist() == list(range(600))
    assert torch.equal(dets[:, 4], scores)


def _definition(boxes, scores, iou_threshold, sigma, min_score, method):
    """Always the best of what is left, in float64."""
    boxes, scores = boxes.double(), scores.double().clone()
    left = list(range(len(boxes)))
    result = []
    while left:
        best = max(left, key=lambda i: scores[i])
        left.remove(best)
        result.append((best, float(scores[best])))
        for i in left:
            low = torch.maximum(boxes[best, :2], boxes[i, :2])
            high = torch.minimum(boxes[best, 2:], boxes[i, 2:])
            inter = (high - low).clamp(min=0).prod()
            areas = [(boxes[j, 2:] - boxes[j, :2]).prod() for j in (best, i)]
            iou = inter / (sum(areas) - inter)
            if method == 'gaussian':
                scores[i] *= math.exp(-(iou**2) / sigma)
            elif iou >= iou_threshold:
                scores[i] *= 1 - iou if method == 'linear' else 0
        left = [i for i in left if scores[i] >= min_score]
    return result


@pytest.mark.parametrize('method', ['naive', 'linear', 'gaussian'])
def test_equals_the_definition(generator, method):
    boxes = make_dense_boxes(60, generator)
    scores = torch.rand(60, generator=generator)
    settings = (0.3, 0.5, 0.05, method)
    dets, inds = portable_ops.soft_nms(boxes, scores, *settings)
    expected = _definition(boxes, scores, *settings)
    assert inds.tolist() == [i for i, _ in expected]
    torch.testing.assert_close(
        dets[:, 4].tolist(), [s for _, s in expected], rtol=1e-5, atol=1e-7
    )


def _gaussian_of_mmcv(boxes, scores, sigma, min_score):
    """mmcv's loop: a box is better if its score is greater, NaN is not."""
    rows = [
        [*map(np.float32, box), np.float32(score), index]
        for index, (box, score) in enumerate(
            zip(boxes.tolist(), scores.tolist())
        )
    ]
    i = 0
    while i < len(rows):
        best = i
        for j in range(i + 1, len(rows)):
            if rows[best][4] < rows[j][4]:
                best = j
        rows[i], rows[best] = rows[best], rows[i]
        x1, y1, x2, y2, *_ = rows[i]
        j = i + 1
        while j < len(rows):
            a1, b1, a2, b2, score, _ = rows[j]
            width = max(np.float32(0), min(x2, a2) - max(x1, a1))
            height = max(np.float32(0), min(y2, b2) - max(y1, b1))
            inter = width * height
            areas = (x2 - x1) * (y2 - y1) + (a2 - a1) * (b2 - b1)
            with np.errstate(invalid='ignore'):
                iou = inter / (areas - inter)
                rows[j][4] = score * np.exp(-(iou * iou) / np.float32(sigma))
            if rows[j][4] < min_score:
                rows[j] = rows[-1]
                rows.pop()
            else:
                j += 1
        i += 1
    return [row[5] for row in rows], [float(row[4]) for row in rows]


@pytest.mark.parametrize('cause', ['boxes without area', 'scores'])
def test_nan_scores_come_out_as_in_mmcv(generator, cause):
    for _ in range(30):
        start = torch.randint(0, 4, (8, 2), generator=generator).float()
        lowest = int(cause == 'scores')
        side = torch.randint(lowest, 3, (8, 2), generator=generator)
        boxes = torch.cat([start, start + side], 1)
        scores = torch.rand(8, generator=generator)
        if cause == 'scores':
            scores[torch.randperm(8, generator=generator)[:3]] = math.nan
        settings = dict(sigma=0.5, min_score=0.05)
        dets, inds = portable_ops.soft_nms(
            boxes, scores, method='gaussian', **settings
        )
        order, found = _gaussian_of_mmcv(boxes, scores, **settings)
        assert inds.tolist() == order
        torch.testing.assert_close(
            dets[:, 4].tolist(), found, equal_nan=True, rtol=1e-5, atol=1e-7
        )


@pytest.mark.parametrize('offset', [0, 1])
@pytest.mark.parametrize('min_score', [0.0, 0.05, 0.3])
@pytest.mark.parametrize('method', ['naive', 'linear', 'gaussian'])
def test_each_way_tells_what_rows_tell(generator, method, min_score, offset):
    """In every bit: equal scores, equal boxes, boxes on one spot."""
    corner = torch.randint(0, 12, (80, 2), generator=generator).float()
    size = torch.randint(1, 5, (80, 2), generator=generator)
    whole = torch.cat([corner, corner + size], 1)
    settings = (0.3, 0.5, min_score, method, offset)
    ways = []
    for boxes in (whole, make_dense_boxes(300, generator), whole[:1]):
        tied = make_tied_scores(len(boxes), generator)
        for scores in (tied, torch.rand(len(boxes), generator=generator)):
            state = module._state(boxes, scores, offset)
            index, lowered = module._by_rows(state, *settings)
            for way in (module._by_pairs, module._by_all):
                found = way(state, *settings)
                if found is None:  # equal scores
                    continue
                ways.append(way)
                assert found[0].tolist() == index.tolist()
                assert found[1].tolist() == lowered.tolist()
    assert ways.count(module._by_pairs) == 6
    assert ways.count(module._by_all) >= 2 * (min_score > 0)


def test_equal_scores_are_left_to_places():
    """The quick way tells only where one box is the best, at every step."""
    settings = (0.3, 0.5, 0.01, 'linear', 0)
    # Boxes apart; then two of IoU 1/2, where 0.75 falls to 0.375 and meets
    # the other 0.375.
    half = torch.tensor([[0.0, 0, 2, 1], [0, 0, 1, 1], [5, 0, 6, 1]])
    for boxes, scores in (
        (touching_row(3), [0.5, 0.9, 0.5]),
        (half, [1.0, 0.75, 0.375]),
    ):
        state = module._state(boxes, torch.tensor(scores), 0)
        assert module._by_all(state, *settings) is None
        assert module._by_pairs(state, *settings) is not None


@pytest.mark.parametrize('method', ['linear', 'gaussian'])
def test_nan_is_larger_than_nothing(method):
    """As in mmcv's comparisons: it is chosen where it stands first."""
    scores = torch.tensor([0.5, torch.nan, 0.9])
    dets, inds = portable_ops.soft_nms(touching_row(3), scores, method=method)
    # 0.9 changes places with 0.5; then NaN is first.
    assert inds.tolist() == [2, 1, 0]
    assert dets[1, 4].isnan()


def test_unknown_method():
    with pytest.raises(
        ValueError, match="method must be one of .* but got 'hard'"
    ):
        portable_ops.soft_nms(BOXES, SCORES, method='hard')
