"""CompleteIoULoss: reductions, weights, its place in mmdet's heads."""

import doctest
import sys

import pytest
import torch
from mmdet.registry import MODELS

from dense_scene.models.losses.complete_iou_loss import CompleteIoULoss
from dense_scene.testing import random_boxes

# IoU 1/3, centres 1 apart, c^2 = 2^2 + 3^2, equal shapes: 2/3 + 1/13
# and, touching, IoU 0, centres 2 apart, c^2 = 4^2 + 2^2: 1 + 1/5.
PRED = torch.tensor([[0.0, 0, 2, 2], [0, 0, 2, 2]])
TARGET = torch.tensor([[0.0, 1, 2, 3], [2, 0, 4, 2]])
FIRST, SECOND = 2 / 3 + 1 / 13, 1 + 1 / 5


def approx(expected):
    return pytest.approx(expected, abs=1e-5)


def test_reductions():
    loss = MODELS.build(dict(type='CompleteIoULoss', loss_weight=10))
    assert loss(PRED, TARGET).item() == approx(5 * (FIRST + SECOND))
    assert loss(PRED, TARGET, reduction_override='sum').item() == approx(
        10 * (FIRST + SECOND)
    )
    assert loss(PRED, TARGET, reduction_override='none').tolist() == approx(
        [10 * FIRST, 10 * SECOND]
    )
    assert CompleteIoULoss(reduction='sum')(PRED, TARGET).item() == approx(
        FIRST + SECOND
    )


def test_weights_and_avg_factor():
    loss = CompleteIoULoss()
    per_box = torch.tensor([3.0, 0.5])
    expected = (3 * FIRST + 0.5 * SECOND) / 8
    assert loss(PRED, TARGET, per_box, avg_factor=8).item() == approx(expected)
    # (N, 4) as BBoxHead passes it: (1 + 1 + 1 + 0) / 4 = 3/4 for box one
    per_side = torch.tensor([[1.0, 1, 1, 0], [2, 2, 2, 2]])
    assert loss(
        PRED, TARGET, per_side, reduction_override='none'
    ).tolist() == approx([0.75 * FIRST, 2 * SECOND])


@pytest.mark.parametrize('shape', [(2,), (2, 4)])
def test_zero_weight(shape):
    pred = PRED.clone().requires_grad_()
    loss = CompleteIoULoss()(pred, TARGET, torch.zeros(shape), avg_factor=1)
    loss.backward()
    assert loss.item() == 0
    assert torch.equal(pred.grad, torch.zeros(2, 4))


@pytest.mark.parametrize(
    'kwargs', [{}, {'avg_factor': 1}, {'weight': torch.zeros(0, 4)}]
)
def test_no_box(kwargs):
    pred = torch.zeros(0, 4, requires_grad=True)
    loss = CompleteIoULoss()(pred, torch.zeros(0, 4), **kwargs)
    loss.backward()  # a process without boxes still takes part in DDP
    assert loss.item() == 0


@pytest.mark.parametrize('count', [1, 600])
def test_equals_mmdet(count, generator):
    pred, target = (random_boxes(count, generator=generator) for _ in range(2))
    weight = torch.rand(count, 4, generator=generator)
    ours = CompleteIoULoss(alpha_rule='gated', loss_weight=12)
    stock = MODELS.build(dict(type='CIoULoss', loss_weight=12))
    for kwargs in (
        {},
        {'avg_factor': 7.0},
        {'reduction_override': 'none'},
        {'reduction_override': 'sum'},
    ):
        torch.testing.assert_close(
            ours(pred, target, weight, **kwargs),
            stock(pred, target, weight, **kwargs),
        )


def test_in_bbox_head(generator):
    # Class-aware deltas, decoded by the head: the same loss as mmdet's.
    losses = []
    for loss in (
        dict(type='CompleteIoULoss', alpha_rule='gated'),
        dict(type='CIoULoss'),
    ):
        head = MODELS.build(
            dict(
                type='BBoxHead',
                in_channels=4,
                roi_feat_size=1,
                num_classes=3,
                reg_decoded_bbox=True,
                loss_bbox=loss,
            )
        )
        generator.manual_seed(1)
        boxes = random_boxes(6, generator=generator)
        rois = torch.cat([torch.zeros(6, 1), boxes], 1)
        deltas = torch.randn(6, 12, generator=generator) / 10
        labels = torch.tensor([0, 1, 2, 0, 3, 3])  # the last two: background
        weights = (labels < 3).float()[:, None].expand(6, 4)
        result = head.loss(
            torch.zeros(6, 4),
            deltas,
            rois,
            labels,
            torch.ones(6),
            boxes + 3,
            weights,
        )
        losses.append(result['loss_bbox'])
    torch.testing.assert_close(*losses)
    assert losses[0] > 0


def test_a_perfect_box_does_not_spoil_the_batch():
    # One prediction equal to its target: mmdet's loss is NaN for all.
    pred = PRED.clone().requires_grad_()
    target = torch.stack([PRED[0], TARGET[1]])
    loss = CompleteIoULoss()(pred, target)
    loss.backward()
    assert loss.item() == approx(SECOND / 2)
    assert pred.grad.isfinite().all()


def test_errors_say_what_to_do():
    with pytest.raises(
        ValueError,
        match="alpha_rule must be one of .* but got 'gate'. Use 'ungated'",
    ):
        MODELS.build(dict(type='CompleteIoULoss', alpha_rule='gate'))
    with pytest.raises(
        ValueError, match='eps must be a positive number, but got 0. Leave it'
    ):
        CompleteIoULoss(eps=0)
    with pytest.raises(
        ValueError,
        match=r'reduction must be one of '
        r"\('none', 'mean', 'sum'\), but got 'avg'",
    ):
        CompleteIoULoss(reduction='avg')
    with pytest.raises(ValueError, match="reduction must be .* got 'max'"):
        CompleteIoULoss()(PRED, TARGET, reduction_override='max')
    with pytest.raises(ValueError, match='avg_factor can not be used'):
        CompleteIoULoss(reduction='sum')(PRED, TARGET, avg_factor=2)


def test_the_docstrings_example():
    result = doctest.testmod(sys.modules[CompleteIoULoss.__module__])
    assert result.attempted == 2 and result.failed == 0
