"""DenseDDQAuxLoss: mmdet's targets and losses, without its loop."""

import threading

import pytest
import torch
from mmdet.models.losses import DDQAuxLoss

from dense_scene.models.losses import dense_ddq_aux_loss as module
from dense_scene.models.losses.dense_ddq_aux_loss import DenseDDQAuxLoss
from dense_scene.testing import touching_row

META = dict(img_shape=(1000, 1500))


def boxes_of(num_objects):
    """Rows of 30 touching boxes."""
    rows = [touching_row(30, (30, 40), (8, 8 + 45 * row)) for row in range(20)]
    return torch.cat(rows)[:num_objects]


def scene(num_queries, num_objects, num_classes=3, seed=0):
    """Probabilities, boxes around the objects, the objects and labels."""
    draw = torch.Generator().manual_seed(seed)
    objects = boxes_of(num_objects)
    homes = torch.randint(
        0, max(num_objects, 1), (num_queries,), generator=draw
    )
    shift = 8 * torch.randn(num_queries, 4, generator=draw)
    places = objects if num_objects else boxes_of(1)
    boxes = places[homes] + shift
    boxes[:, 2:] = boxes[:, 2:].maximum(boxes[:, :2] + 1)
    scores = torch.rand(num_queries, num_classes, generator=draw)
    labels = torch.randint(0, num_classes, (num_objects,), generator=draw)
    return scores, boxes, objects, labels


def loss_of(kind, topk=4):
    config = dict(type='TopkHungarianAssigner', topk=topk)
    return kind(train_cfg=dict(assigner=config))


@pytest.mark.parametrize('sizes', [[30, 0, 1], [500, 60, 0, 60], [1400, 600]])
def test_targets_and_losses_are_mmdet_s(sizes):
    """With 600 objects 1400 queries are two for each, not four."""
    num_queries, *counts = sizes
    scores, boxes, objects, labels = zip(
        *(scene(num_queries, n, seed=n) for n in counts)
    )
    scores, boxes = torch.stack(scores), torch.stack(boxes)
    ours, theirs = loss_of(DenseDDQAuxLoss), loss_of(DDQAuxLoss)
    arguments = scores, boxes, objects
    metas = [META] * len(counts)
    found = [
        loss.get_targets(*arguments, metas, gt_labels_list=labels)
        for loss in (ours, theirs)
    ]
    for column, expected in zip(*found):
        for mine, stock in zip(column, expected, strict=True):
            assert mine.dtype == stock.dtype and torch.equal(mine, stock)
    chosen = [int((column < 3).sum()) for column in found[0][0]]
    assert chosen == [min(4, num_queries // max(n, 1)) * n for n in counts]
    torch.testing.assert_close(
        *(loss.loss(*arguments, labels, metas) for loss in (ours, theirs))
    )


def test_more_objects_than_queries():
    """None for each: all are background, where mmdet stops."""
    scores, boxes, objects, labels = scene(20, 30)
    arguments = scores[None], boxes[None], [objects], [META]
    found = loss_of(DenseDDQAuxLoss).get_targets(
        *arguments, gt_labels_list=[labels]
    )
    (classes,), (weights,), (targets,), (alignment,) = found
    assert classes.eq(3).all() and weights.eq(1).all()
    assert targets.eq(0).all() and alignment.eq(0).all()
    with pytest.raises(TypeError, match='not subscriptable'):
        loss_of(DDQAuxLoss).get_targets(*arguments, gt_labels_list=[labels])


def test_images_are_matched_beside_each_other(monkeypatch):
    """Neither of two goes on before both have begun."""
    barrier = threading.Barrier(2, timeout=10)
    solve = module.linear_sum_assignment

    def solve_together(costs):
        barrier.wait()
        return solve(costs)

    monkeypatch.setattr(module, 'linear_sum_assignment', solve_together)
    scores, boxes, objects, labels = scene(30, 2)
    loss_of(DenseDDQAuxLoss).get_targets(
        scores.expand(2, -1, -1),
        boxes.expand(2, -1, -1),
        [objects] * 2,
        [META] * 2,
        [labels] * 2,
    )
    assert not barrier.broken


def test_the_best_query_of_an_object_gets_its_best_iou():
    """Two queries of one object, IoU 1 and 0.5, scores 0.2 and 0.9.

    Their alignment is 0.2 * 1 and 0.9 * 0.5^6 = 0.0140625, which is divided
    by 0.2 and multiplied by 1.
    """
    objects = torch.tensor([[0.0, 0.0, 10.0, 10.0]])
    boxes = torch.tensor([[0.0, 0.0, 10.0, 10.0], [0.0, 0.0, 10.0, 5.0]])
    found = loss_of(DenseDDQAuxLoss, topk=2).get_targets(
        torch.tensor([[[0.2], [0.9]]]),
        boxes[None],
        [objects],
        [META],
        [torch.tensor([0])],
    )
    (labels,), (weights,), (targets,), (aligned,) = found
    assert labels.tolist() == [0, 0] and weights.tolist() == [1, 1]
    assert torch.equal(targets, objects.expand(2, 4))
    assert aligned.tolist() == pytest.approx([1, 0.0140625 / 0.2], rel=1e-5)
