"""Soft-IoU: its target, its loss, and what it ranks."""

import math

import pytest
import torch
from mmengine.config import ConfigDict

from dense_scene.models.heads import SoftIoUBBoxHead

# Two proposals of one object each, of the classes 1 and 0, and background.
ROIS = torch.tensor(
    [[0.0, 0, 0, 10, 10], [0, 20, 0, 30, 20], [0, 0, 50, 9, 60]]
)
OBJECTS = torch.tensor([[0.0, 0, 10, 20], [20, 0, 30, 20]])
LABELS = torch.tensor([1, 0, 2])
LOGITS = torch.tensor([0.0, 2.0, -1.0])


def _head(**kwargs):
    torch.manual_seed(0)
    return SoftIoUBBoxHead(
        in_channels=4,
        roi_feat_size=2,
        fc_out_channels=8,
        **{**dict(num_classes=2), **kwargs},
    )


def _losses(head, deltas):
    """With 0 for every delta the prediction is the proposal."""
    targets = torch.zeros(3, 4)
    if head.reg_decoded_bbox:
        targets[:2] = OBJECTS
    else:
        targets[:2] = head.bbox_coder.encode(ROIS[:2, 1:], OBJECTS)
    bbox_pred = torch.cat((deltas, LOGITS[:, None]), 1).requires_grad_()
    losses = head.loss(
        torch.zeros(3, head.num_classes + 1),
        bbox_pred,
        ROIS,
        LABELS,
        torch.ones(3),
        targets,
        torch.ones(3, 4),
    )
    return losses, bbox_pred


@pytest.mark.parametrize('agnostic', [True, False])
@pytest.mark.parametrize('decoded', [True, False])
def test_loss_by_hand(agnostic, decoded):
    loss = dict(type='IoULoss') if decoded else dict(type='SmoothL1Loss')
    head = _head(
        reg_class_agnostic=agnostic, reg_decoded_bbox=decoded, loss_bbox=loss
    )
    deltas = torch.zeros(3, 4 if agnostic else 8)
    losses, bbox_pred = _losses(head, deltas)
    # IoU 10 x 10 / 10 x 20 = 0.5 and 1. BCE of p = 0.5: ln 2; of sigmoid(2)
    # and 1: ln(1 + e^-2). The background has no part in the mean.
    expected = (math.log(2) + math.log(1 + math.exp(-2))) / 2
    assert losses['loss_iou'].item() == pytest.approx(expected, rel=1e-5)
    losses['loss_iou'].backward()
    gradient = bbox_pred.grad
    assert gradient[:, :-1].abs().sum() == 0  # it moves no box
    # (sigmoid - IoU) / 2 positives
    assert gradient[0, -1].item() == pytest.approx(0, abs=1e-6)
    slope = (1 / (1 + math.exp(-2)) - 1) / 2
    assert gradient[1, -1].item() == pytest.approx(slope, rel=1e-4)
    assert gradient[2, -1] == 0


def test_the_box_of_the_own_class_counts():
    head = _head(reg_class_agnostic=False)
    deltas = torch.zeros(3, 8)
    deltas[0, :4] = 5.0  # class 0, but the object is of class 1
    assert torch.equal(
        _losses(head, deltas)[0]['loss_iou'],
        _losses(head, torch.zeros(3, 8))[0]['loss_iou'],
    )


def test_no_positive_gives_no_loss_but_a_gradient():
    head = _head()
    bbox_pred = torch.zeros(3, 9, requires_grad=True)
    losses = head.loss(
        torch.zeros(3, 3),
        bbox_pred,
        ROIS,
        torch.full((3,), 2),
        torch.ones(3),
        torch.zeros(3, 4),
        torch.zeros(3, 4),
    )
    assert losses['loss_iou'] == 0
    losses['loss_iou'].backward()
    assert bbox_pred.grad.abs().sum() == 0


@pytest.mark.parametrize(
    'rank_by, scores',
    [
        # Class 0.8 and 0.6; Soft-IoU 0.5 and 0.9.
        ('class', [0.8, 0.6]),
        ('soft_iou', [0.9, 0.5]),
        ('product', [0.54, 0.4]),
    ],
)
@pytest.mark.parametrize('kind', ['nms', 'em_merger'])
def test_ranks_by(rank_by, scores, kind):
    head = _head(num_classes=1, rank_by=rank_by)
    probability = torch.tensor([[0.8, 0.2], [0.6, 0.4], [0.04, 0.96]])
    quality = torch.tensor([0.5, 0.9, 0.99])
    logit = (quality / (1 - quality)).log()
    found = head._predict_by_feat_single(
        ROIS,
        probability.log(),
        torch.cat((torch.zeros(3, 4), logit[:, None]), 1),
        dict(img_shape=(100, 100)),
        rcnn_test_cfg=ConfigDict(
            # The third is no detection, however well its box fits.
            score_thr=0.05,
            nms=dict(type=kind, iou_threshold=0.5),
            max_per_img=10,
        ),
    )
    torch.testing.assert_close(found.scores, torch.tensor(scores))
    order = [0, 1] if rank_by == 'class' else [1, 0]
    torch.testing.assert_close(found.bboxes, ROIS[order, 1:])


def test_refuses_another_ranking():
    with pytest.raises(ValueError, match='rank_by must be one of'):
        _head(rank_by='iou')
