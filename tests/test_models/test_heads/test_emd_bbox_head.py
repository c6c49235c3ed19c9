"""Two objects a proposal: targets, loss and detections by loops and hand."""

from types import SimpleNamespace

import pytest
import torch
from mmdet.models.task_modules import AssignResult
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData

from dense_scene.models.heads import EMDBBoxHead, EMDCascadeRoIHead
from dense_scene.models.samplers import SecondObjectSampler

STAGE = ConfigDict(assigner=dict(pos_iou_thr=0.5))
META = dict(img_shape=(200, 200), scale_factor=(2.0, 4.0))


def _head(**kwargs):
    torch.manual_seed(0)
    losses = dict(
        loss_cls=dict(type='CrossEntropyLoss', reduction='none'),
        loss_bbox=dict(type='SmoothL1Loss', reduction='none'),
    )
    return EMDBBoxHead(
        in_channels=4,
        roi_feat_size=2,
        fc_out_channels=8,
        **{**dict(num_classes=1, reg_class_agnostic=True), **losses, **kwargs},
    )


def _sample(priors, objects, owners, num=100, classes=None):
    """Every prior: of object ``owners - 1``, or of none for 0."""
    owners = torch.tensor(owners, dtype=torch.long)
    classes = torch.tensor(classes or [0] * len(objects), dtype=torch.long)
    labels = torch.tensor([classes[i - 1] if i else -1 for i in owners])
    assigned = AssignResult(
        len(objects), owners, torch.zeros(len(owners)), labels
    )
    sampler = SecondObjectSampler(num, 1.0, add_gt_as_proposals=False)
    return sampler.sample(
        assigned,
        InstanceData(priors=priors),
        InstanceData(bboxes=objects, labels=classes),
    )


def test_targets_by_hand():
    # The first prior overlaps object 0 by 1 and object 1 by 80 / 120 = 2 / 3;
    # the second object 1 by 1 and, by 2 / 3, object 0; the third object 2
    # alone; the last none.
    objects = torch.tensor(
        [[0.0, 0, 10, 10], [0, 2, 10, 12], [50, 50, 60, 60]]
    )
    priors = torch.cat((objects, torch.tensor([[90.0, 90, 99, 99]])))
    result = _sample(priors, objects, [1, 2, 3, 0])
    torch.testing.assert_close(
        result.second_overlaps, torch.tensor([2 / 3, 2 / 3, 0])
    )
    head = _head()
    labels, _, boxes, weights = head.get_targets([result], STAGE)
    assert labels.tolist() == [[1, 1], [1, 1], [1, 0], [0, 0]]
    # Encoded: 2 pixels of 10, by a deviation of 0.1.
    shift = [0, 2.0, 0, 0]
    torch.testing.assert_close(
        boxes[:2],
        torch.tensor([[0, 0, 0, 0, *shift], [0, 0, 0, 0, 0, -2.0, 0, 0]]),
    )
    assert weights.tolist()[2:] == [[1] * 4 + [0] * 4, [0] * 8]
    # In a stage that asks for more the second object is none.
    strict = ConfigDict(assigner=dict(pos_iou_thr=0.7))
    assert head.get_targets([result], strict)[0][0].tolist() == [1, 0]
    # Classes 2, 0 and 1 are 3, 1 and 2 after the background.
    result = _sample(priors, objects, [1, 2, 3, 0], classes=[2, 0, 1])
    labels = _head(num_classes=3).get_targets([result], STAGE)[0]
    assert labels.tolist() == [[3, 1], [1, 3], [2, 0], [0, 0]]


@pytest.mark.parametrize('num', [0, 1])
def test_images_of_no_object_and_one(num):
    objects = torch.tensor([[0.0, 0, 10, 10]])[:num]
    priors = torch.tensor([[0.0, 0, 10, 9], [40, 40, 50, 50]])
    result = _sample(priors, objects, [num, 0])
    labels, _, boxes, _ = _head().get_targets([result], STAGE)
    assert labels.tolist() == [[num, 0], [0, 0]]
    assert boxes.shape == (2, 8) and boxes.isfinite().all()


def _loop_loss(cls_score, bbox_pred, labels, targets):
    """Eq. (2) of CrowdDet, in float64: the cheaper of the two orders."""
    total = 0.0
    for score, box, label, target in zip(
        cls_score.double().view(len(labels), 2, -1),
        bbox_pred.double().view(-1, 2, 4),
        labels,
        targets.double().view(-1, 2, 4),
    ):
        costs = []
        for order in ((0, 1), (1, 0)):
            cost = 0.0
            for predicted, slot in zip(order, (0, 1)):
                wanted = int(label[slot])
                cost -= score[predicted].log_softmax(0)[wanted]
                if wanted:
                    x = (box[predicted] - target[slot]).abs()
                    cost += torch.where(x < 1, x * x / 2, x - 0.5).sum()
            costs.append(cost)
        total += min(costs)
    return total / len(cls_score)


@pytest.mark.parametrize('classes', [1, 3])
def test_loss_is_the_loop(classes, generator):
    num, scores = 60, 2 * (classes + 1)
    draws = [torch.randn(num, n, generator=generator) for n in (scores, 8, 8)]
    labels = torch.randint(0, classes + 1, (num, 2), generator=generator)
    head = _head(num_classes=classes)
    loss = head.loss(*draws[:2], None, labels, None, draws[2], None)
    expected = _loop_loss(draws[0], draws[1], labels, draws[2])
    assert loss['loss_rcnn_emd'].item() == pytest.approx(expected.item())


def test_both_boxes_go_on_but_for_those_of_objects():
    objects = torch.tensor([[0.0, 0, 10, 10]])
    priors = torch.tensor([[0.0, 0, 10, 9], [40, 40, 50, 50]])
    result = _sample(priors, objects, [1, 0])
    result.pos_is_gt = torch.ones_like(result.pos_is_gt)
    rois = torch.cat((torch.zeros(2, 1), result.priors), 1)
    bbox_pred = torch.zeros(2, 8)
    bbox_pred[1, 4] = 1.0  # one tenth of the width of 10
    [refined] = _head().refine_bboxes(
        [result], dict(rois=rois, bbox_pred=bbox_pred), [META]
    )
    expected = torch.tensor([[40.0, 40, 50, 50], [41, 40, 51, 50]])
    torch.testing.assert_close(refined.bboxes, expected)


def test_detections_by_hand():
    # Both boxes of a proposal stay though they are equal; a worse proposal
    # at the same place goes. The cap cuts the worst, not the last.
    roi = torch.tensor(
        [[0.0, 0, 0, 20, 20], [0, 0, 0, 20, 20], [0, 60, 60, 80, 80]]
    )
    scores = torch.tensor([[0.5, 0.3], [0.7, 0.9], [0.8, 0.01]])
    logits = torch.stack(((1 - scores).log(), scores.log()), -1).flatten(1)
    expected = [0.9, 0.8, 0.7]
    for cap in (10, 2):
        config = ConfigDict(
            score_thr=0.05,
            nms=dict(type='set_nms', iou_threshold=0.5),
            max_per_img=cap,
        )
        found = _head()._predict_by_feat_single(
            roi, logits, torch.zeros(3, 8), META, True, config
        )
        torch.testing.assert_close(found.scores, torch.tensor(expected[:cap]))
        # The original image: x by 2, y by 4.
        torch.testing.assert_close(
            found.bboxes,
            torch.tensor(
                [[0.0, 0, 10, 5], [30, 15, 40, 20], [0, 0, 10, 5]][:cap]
            ),
        )
        assert found.labels.dtype == torch.long


def test_detections_of_two_classes_by_hand():
    # Of the background and two classes; a detection each above 0.15. Both
    # boxes of the proposal stay, and its two classes are apart.
    scores = torch.tensor([[[0.1, 0.3, 0.6], [0.8, 0.2, 1e-9]]])
    config = ConfigDict(
        score_thr=0.15,
        nms=dict(type='set_nms', iou_threshold=0.5),
        max_per_img=10,
    )
    head = _head(num_classes=2)
    args = torch.tensor([[0.0, 0, 0, 20, 20]]), scores.log().flatten(1)
    found = head._predict_by_feat_single(
        *args, torch.zeros(1, 8), META, False, config
    )
    torch.testing.assert_close(found.scores, torch.tensor([0.6, 0.3, 0.2]))
    assert found.labels.tolist() == [1, 0, 0]
    raw = head._predict_by_feat_single(*args, torch.zeros(1, 8), META)
    # As of other heads: the background last
    torch.testing.assert_close(raw.scores, scores[0].roll(-1, 1))


def test_the_better_half_goes_on():
    # Of the four boxes of two proposals both of the second.
    roi = torch.tensor([[3.0, 0, 0, 20, 20], [3, 60, 60, 80, 80]])
    scores = torch.tensor([[0.5, 0.3], [0.7, 0.6]])
    logits = torch.stack(((1 - scores).log(), scores.log()), -1).flatten(1)
    deltas = torch.zeros(2, 8)
    deltas[1, 4] = 1.0  # one tenth of the width of 20
    cascade = SimpleNamespace(bbox_head=[_head()])
    found = EMDCascadeRoIHead._better_half(
        cascade, 0, roi, logits, deltas, META
    )
    expected = torch.tensor([[3.0, 60, 60, 80, 80], [3, 62, 60, 82, 80]])
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize(
    'option',
    [
        dict(reg_class_agnostic=False, num_classes=2),
        dict(reg_decoded_bbox=True),
        dict(loss_cls=dict(type='CrossEntropyLoss')),
        dict(
            loss_cls=dict(
                type='CrossEntropyLoss', use_sigmoid=True, reduction='none'
            )
        ),
        dict(loss_bbox=dict(type='SmoothL1Loss')),
    ],
)
def test_refuses_what_the_loss_cannot(option):
    with pytest.raises(ValueError, match=next(iter(option))):
        _head(**option)


def test_autocast_leaves_the_deltas_in_float32():
    head, x = _head(), torch.randn(3, 4, 2, 2)
    expected = head(x)[1]
    with torch.autocast('cpu', torch.bfloat16):
        scores, deltas = head(x)
    assert (scores.dtype, deltas.dtype) == (torch.bfloat16, torch.float32)
    # Its input, of the layers before, is rounded to 8 bits.
    torch.testing.assert_close(deltas, expected, rtol=0.1, atol=0.01)
