"""Complete IoU loss: hand-derived, an oracle, every small pair, mmdet."""

import doctest
import itertools
import math
import sys

import pytest
import torch
from mmdet.models.losses.iou_loss import ciou_loss
from mmdet.registry import MODELS

from dense_scene.models.losses.complete_iou_loss import (
    CompleteIoULoss,
    complete_iou_loss,
)
from dense_scene.testing import random_boxes, touching_row


def loss_of(pred, target, **kwargs):
    """The loss of one pair, in float64, as a number."""
    boxes = torch.tensor([pred, target], dtype=torch.float64)
    return complete_iou_loss(boxes[:1], boxes[1:], **kwargs).item()


def value_and_grad(pred, target, alpha_rule='ungated'):
    """Loss per pair and its gradient with respect to the prediction."""
    pred = pred.clone().requires_grad_()
    loss = CompleteIoULoss(alpha_rule, reduction='none')(pred, target)
    loss.sum().backward()
    return loss.detach(), pred.grad


def small_box_pairs(dtype=torch.float64):
    """All 6,561 pairs with coordinates in {0, 1, 2}.

    Among them: equal, touching, nested, disjoint, zero-area and inverted
    boxes, and points. Only the targets are put the right way round.
    """
    boxes = torch.tensor(list(itertools.product(range(3), repeat=4)))
    pred, target = boxes.repeat_interleave(81, 0), boxes.repeat(81, 1)
    target = target.view(-1, 2, 2).sort(1).values.flatten(1)
    return pred.to(dtype), target.to(dtype)


def near_pairs(n, noise, generator, dtype=torch.float64):
    """Random boxes and the same boxes moved a little."""
    target = random_boxes(n, generator=generator, dtype=dtype)
    shift = torch.randn(n, 4, generator=generator, dtype=dtype)
    return target + noise * shift, target


def oracle(pred, target, alpha=None, eps=1e-6):
    """The printed formula, one term after the other; also returns alpha."""
    (x1, y1, x2, y2), (a1, b1, a2, b2) = pred, target
    overlap = max(0.0, min(x2, a2) - max(x1, a1)) * max(
        0.0, min(y2, b2) - max(y1, b1)
    )
    union = (x2 - x1) * (y2 - y1) + (a2 - a1) * (b2 - b1) - overlap + eps
    iou = overlap / union
    rho2 = ((x1 + x2 - a1 - a2) / 2) ** 2 + ((y1 + y2 - b1 - b2) / 2) ** 2
    c2 = (
        (max(x2, a2) - min(x1, a1)) ** 2
        + (max(y2, b2) - min(y1, b1)) ** 2
        + eps
    )
    v = (
        4
        / math.pi**2
        * (
            math.atan((a2 - a1) / (b2 - b1 + eps))
            - math.atan((x2 - x1) / (y2 - y1 + eps))
        )
        ** 2
    )
    if alpha is None:
        alpha = v / (1 - iou + v)
    return 1 - iou + rho2 / c2 + alpha * v, alpha


# Each case: pred, target, 1 - IoU, rho^2 / c^2, v.
QUARTER_PI = math.atan(1)
HAND_DERIVED = {
    # 2 x 2 boxes one apart: 2 of 2 + 2 + 2 shared; 1^2 / (2^2 + 3^2)
    'shifted': ([0, 0, 2, 2], [0, 1, 2, 3], 4 / 6, 1 / 13, 0),
    # 4 of 6 shared; centers 1.5 and 1; c^2 = 3^2 + 2^2; shapes 3:2, 1:1
    'wider': (
        [0, 0, 3, 2],
        [0, 0, 2, 2],
        2 / 6,
        0.25 / 13,
        4 / math.pi**2 * (QUARTER_PI - math.atan(1.5)) ** 2,
    ),
    # nothing shared; centers 3 apart; c^2 = 4^2 + 1^2
    'disjoint': ([0, 0, 1, 1], [3, 0, 4, 1], 1, 9 / 17, 0),
    # a common edge is no area; centers 1 apart; c^2 = 2^2 + 1^2
    'touching': ([0, 0, 1, 1], [1, 0, 2, 1], 1, 1 / 5, 0),
    # arctan(0 / eps) = 0, so v = 4 / pi^2 (pi / 4)^2 = 1/4
    'point': ([1, 1, 1, 1], [0, 0, 2, 2], 1, 0, 1 / 4),
    # no width: the same v; the centers fall together
    'inverted': ([2, 0, 0, 2], [0, 0, 2, 2], 1, 0, 1 / 4),
    # arctan(2 / eps) = pi / 2: v = 1/4 again; center 1 above, c^2 = 8
    'flat': ([0, 0, 2, 0], [0, 0, 2, 2], 1, 1 / 8, 1 / 4),
    # two equal points: eps / eps, nothing else
    'both points': ([1, 1, 1, 1], [1, 1, 1, 1], 1, 0, 0),
    'equal': ([0, 0, 9, 4], [0, 0, 9, 4], 0, 0, 0),
}


@pytest.mark.parametrize('name', HAND_DERIVED)
def test_hand_derived(name):
    pred, target, miss, distance, v = HAND_DERIVED[name]
    alpha = v / (miss + v) if v else 0
    # eps = 1e-6 moves angles and quotients by about as much
    assert loss_of(pred, target) == pytest.approx(
        miss + distance + alpha * v, abs=2e-6
    )
    gate = miss < 0.5
    assert loss_of(pred, target, gated=True) == pytest.approx(
        miss + distance + gate * alpha * v, abs=2e-6
    )


def test_gate_is_closed_at_half():
    # 4 of 8 shared: IoU = 1/2 is not > 1/2; centers 1 apart, c^2 = 4^2 + 2^2
    pred, target = [0, 0, 4, 2], [0, 0, 2, 2]
    v = 4 / math.pi**2 * (QUARTER_PI - math.atan(2)) ** 2
    assert loss_of(pred, target, gated=True) == pytest.approx(
        0.5 + 1 / 20, abs=2e-6
    )
    assert loss_of(pred, target) == pytest.approx(
        0.5 + 1 / 20 + v**2 / (0.5 + v), abs=2e-6
    )


def test_distance_is_a_penalty():
    # The misprinted sign would make the farther box the better one.
    target = [0, 0, 1, 1]
    assert loss_of([9, 0, 10, 1], target) > loss_of([2, 0, 3, 1], target) > 1


def test_oracle_on_600_boxes(generator):
    pred = random_boxes(600, generator=generator, dtype=torch.float64)
    target = random_boxes(600, generator=generator, dtype=torch.float64)
    expected = [
        oracle(p, t)[0] for p, t in zip(pred.tolist(), target.tolist())
    ]
    torch.testing.assert_close(
        complete_iou_loss(pred, target), pred.new_tensor(expected)
    )


def test_touching_row_is_disjoint():
    # neighbors 10 x 20: no overlap, centers 10 apart, c^2 = 20^2 + 20^2
    row = touching_row(601, dtype=torch.float64)
    expected = torch.full((600,), 1 + 100 / 800, dtype=torch.float64)
    torch.testing.assert_close(
        complete_iou_loss(row[:-1], row[1:]), expected, rtol=0, atol=1e-8
    )


@pytest.mark.parametrize('count', [0, 1])
def test_few_boxes(count):
    boxes = touching_row(count).requires_grad_()
    loss = complete_iou_loss(boxes, boxes.detach() + 5)
    assert loss.shape == (count,)
    loss.sum().backward()
    assert boxes.grad.shape == (count, 4)


def test_gradient_against_differences_with_alpha_fixed(generator):
    # alpha is a constant for the gradient, so the oracle holds it fixed.
    pred, target = near_pairs(20, 30, generator)
    pred = pred.view(-1, 2, 2).sort(1).values.flatten(1)
    _, grad = value_and_grad(pred, target)
    step = 1e-5
    for p, t, row in zip(pred.tolist(), target.tolist(), grad.tolist()):
        alpha = oracle(p, t)[1]
        for i in range(4):
            up, down = list(p), list(p)
            up[i] += step
            down[i] -= step
            slope = (oracle(up, t, alpha)[0] - oracle(down, t, alpha)[0]) / (
                2 * step
            )
            assert row[i] == pytest.approx(slope, rel=1e-5, abs=1e-8)


def test_gradcheck_where_alpha_is_zero(generator):
    # Gated and IoU <= 0.5: alpha = 0 also for gradcheck's own differences.
    pred, target = (
        random_boxes(40, (9, 9), generator, torch.float64) for _ in range(2)
    )
    disjoint = target + 20
    pred.requires_grad_()
    assert torch.autograd.gradcheck(
        lambda p: complete_iou_loss(p, disjoint, gated=True), pred
    )
    # Square on square of the same size: v = 0 and stays of second order.
    pred = torch.tensor([[0.0, 0, 4, 4]], dtype=torch.float64)
    assert torch.autograd.gradcheck(
        lambda p: complete_iou_loss(p, pred + 1),
        pred.clone().requires_grad_(),
        eps=1e-5,
    )


def plain_formula(pred, target, eps=1e-6):
    """The printed formula in tensors; edges that touch have no overlap."""
    low, high = torch.max(pred, target), torch.min(pred, target)
    side = torch.where(high[:, 2:] > low[:, :2], high[:, 2:] - low[:, :2], 0)
    size_p, size_t = pred[:, 2:] - pred[:, :2], target[:, 2:] - target[:, :2]
    overlap = side.prod(1)
    iou = overlap / (size_p.prod(1) + size_t.prod(1) - overlap + eps)
    rho2 = ((pred - target).view(-1, 2, 2).sum(1) / 2).square().sum(1)
    c2 = (low[:, 2:] - high[:, :2]).square().sum(1) + eps
    shape_p, shape_t = (
        torch.atan(s[:, 0] / (s[:, 1] + eps)) for s in (size_p, size_t)
    )
    v = 4 / math.pi**2 * (shape_t - shape_p).square()
    alpha = (v / (1 - iou + v)).detach()
    return 1 - iou + rho2 / c2 + alpha * v


def test_gradient_of_every_pair_of_integer_boxes():
    # 36 boxes with corners in 0..3, of which many touch at edge or corner.
    corners = torch.tensor(list(itertools.product(range(4), repeat=4)))
    boxes = corners[(corners[:, 2:] > corners[:, :2]).all(1)].double()
    assert len(boxes) == 36
    pred, target = boxes.repeat_interleave(36, 0), boxes.repeat(36, 1)
    differ = (pred != target).any(1)  # equal boxes: test_equal_boxes_rest
    pred, target = pred[differ], target[differ]
    loss, grad = value_and_grad(pred, target)
    pred.requires_grad_()
    expected = plain_formula(pred, target)
    expected.sum().backward()
    torch.testing.assert_close(loss, expected.detach())
    torch.testing.assert_close(grad, pred.grad)


def test_touching_boxes_have_the_gradient_of_boxes_apart():
    target = torch.tensor([[0.0, 0, 4, 4]], dtype=torch.float64)
    pred = torch.tensor([[4.0, 1, 6, 5]], dtype=torch.float64)
    _, touching = value_and_grad(pred, target)
    apart = pred + pred.new_tensor([1e-9, 0, 1e-9, 0])
    torch.testing.assert_close(touching, value_and_grad(apart, target)[1])


@pytest.mark.parametrize('alpha_rule', ['ungated', 'gated'])
@pytest.mark.parametrize(
    'dtype', [torch.float64, torch.float32, torch.bfloat16, torch.float16]
)
def test_every_small_pair_is_finite(dtype, alpha_rule):
    loss, grad = value_and_grad(*small_box_pairs(dtype), alpha_rule)
    assert loss.isfinite().all()
    assert (loss >= 0).all()
    assert grad.isfinite().all()
    # boxes of 1 or 2 pixels have slopes of that order; 1 / eps would be 1e6
    assert grad.abs().max() < 10


@pytest.mark.parametrize('scale', [1e-3, 5e8])
def test_every_pair_is_finite_at_any_scale(scale):
    pred, target = small_box_pairs(torch.float32)
    loss, grad = value_and_grad(pred * scale, target * scale)
    assert loss.isfinite().all()
    assert grad.isfinite().all()


def test_equal_boxes_rest():
    boxes = random_boxes(600)
    loss, grad = value_and_grad(boxes, boxes)
    size = boxes[:, 2:] - boxes[:, :2]
    # 1 - IoU is eps / (area + eps), the rest is 0
    torch.testing.assert_close(loss, 1e-6 / (size.prod(1) + 1e-6))
    assert not grad.any()


def test_equals_mmdet_where_that_is_finite():
    # Includes inverted predictions, which mmdet clips at a loss of 2.
    pred, target = small_box_pairs()
    ours = complete_iou_loss(pred, target, gated=True)
    stock = ciou_loss(pred, target, eps=1e-6, reduction='none')
    finite = stock.isfinite()
    assert finite.sum() > 6000
    torch.testing.assert_close(ours[finite], stock[finite], rtol=0, atol=1e-6)


@pytest.mark.parametrize('noise', [1e-4, 1e-2, 1, 100])
def test_equals_mmdet_on_10_000_boxes(noise, generator):
    pred, target = near_pairs(10_000, noise, generator)
    pred = pred.view(-1, 2, 2).sort(1).values.flatten(1)
    loss, grad = value_and_grad(pred, target, 'gated')
    stock_pred = pred.clone().requires_grad_()
    stock = ciou_loss(stock_pred, target, eps=1e-6, reduction='none')
    stock.sum().backward()
    torch.testing.assert_close(loss, stock.detach(), rtol=0, atol=1e-6)
    torch.testing.assert_close(grad, stock_pred.grad, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize('noise', [1e-4, 1, 100])
def test_float32_keeps_its_digits(noise, generator):
    # mmdet's 1 - IoU cancels: at 1e-4 it is 1% off, and NaN now and then.
    pred, target = near_pairs(10_000, noise, generator, torch.float32)
    loss, grad = value_and_grad(pred, target)
    truth = complete_iou_loss(pred.double(), target.double())
    torch.testing.assert_close(loss.double(), truth, rtol=1e-6, atol=0)
    assert grad.isfinite().all()


def test_moving_and_scaling_change_nothing(generator):
    pred, target = near_pairs(600, 20, generator)
    loss = complete_iou_loss(pred, target)
    torch.testing.assert_close(complete_iou_loss(pred + 77, target + 77), loss)
    # eps is not scaled, hence the tolerance
    torch.testing.assert_close(
        complete_iou_loss(pred * 8, target * 8), loss, rtol=1e-4, atol=1e-4
    )


# IoU 1/3, centers 1 apart, c^2 = 2^2 + 3^2, equal shapes: 2/3 + 1/13
# and, touching, IoU 0, centers 2 apart, c^2 = 4^2 + 2^2: 1 + 1/5.
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


@pytest.mark.parametrize(
    'options, words',
    [
        (dict(alpha_rule='gate'), "alpha_rule must be .* got 'gate'"),
        (dict(eps=0), 'eps must be .* got 0'),
        (dict(reduction='avg'), "reduction must be .* got 'avg'"),
    ],
)
def test_refuses_options(options, words):
    with pytest.raises(ValueError, match=words):
        MODELS.build(dict(type='CompleteIoULoss', **options))


def test_the_docstrings_example():
    result = doctest.testmod(sys.modules[CompleteIoULoss.__module__])
    assert result.attempted == 1 and result.failed == 0
