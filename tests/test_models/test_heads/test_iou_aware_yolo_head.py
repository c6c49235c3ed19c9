"""PP-YOLO's head: every loss against loops in float64, and its scores."""

import math

import pytest
import torch
from mmdet.registry import MODELS
from mmengine.config import ConfigDict
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData

import dense_scene  # noqa: F401
from dense_scene.models.heads.yolo_targets import best_anchor_priors
from dense_scene.testing import random_boxes, touching_row

SHAPES = [(2, 3), (4, 6), (8, 12)]  # 64 high, 96 wide
STRIDES = [32, 16, 8]
CLASSES = 2


def make_head(**changes):
    init_default_scope('mmdet')
    config = dict(
        type='IoUAwareYOLOHead',
        num_classes=CLASSES,
        in_channels=[8, 4, 4],
        out_channels=[8, 8, 8],
        conv_cfg=dict(type='CoordConv'),
        test_cfg=ConfigDict(
            score_thr=0.01,
            nms_pre=-1,
            nms=dict(type='matrix_nms', post_thr=0.01),
            max_per_img=1000,
        ),
    )
    config.update(changes)
    return MODELS.build(config)


def outputs(generator, batch=1, scale=1.0):
    """Random raw outputs of the three levels."""
    return [
        torch.randn(batch, 3 * (6 + CLASSES), h, w, generator=generator)
        * scale
        for h, w in SHAPES
    ]


def objects(n, generator, **more):
    boxes = random_boxes(n, (96, 64), generator)
    labels = torch.randint(CLASSES, (n,), generator=generator)
    return InstanceData(bboxes=boxes, labels=labels, **more)


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def bce(logit, target):
    p = sigmoid(logit)
    return -target * math.log(p) - (1 - target) * math.log(1 - p)


def iou(a, b):
    width = max(min(a[2], b[2]) - max(a[0], b[0]), 0)
    height = max(min(a[3], b[3]) - max(a[1], b[1]), 0)
    area = [(c[2] - c[0]) * (c[3] - c[1]) for c in (a, b)]
    return width * height / (sum(area) - width * height)


def predictions(head, maps):
    """(raw outputs, decoded box, cell's corner, stride, anchor) of each prior
    of the first image, in the order of levels, cells, anchors."""
    for pred, (h, w), stride, sizes in zip(
        maps, SHAPES, STRIDES, head.prior_generator.base_sizes
    ):
        values = pred[0].double().view(3, 6 + CLASSES, h, w)
        for row in range(h):
            for column in range(w):
                for anchor, (aw, ah) in enumerate(sizes):
                    raw = values[anchor, :, row, column].tolist()
                    x = (column + 1.05 * sigmoid(raw[0]) - 0.025) * stride
                    y = (row + 1.05 * sigmoid(raw[1]) - 0.025) * stride
                    w2 = aw * math.exp(raw[2]) / 2
                    h2 = ah * math.exp(raw[3]) / 2
                    box = (x - w2, y - h2, x + w2, y + h2)
                    yield raw, box, (column, row), stride, (aw, ah)


def reference(head, maps, gts, ignored=()):
    """The losses of the first image, term by term."""
    boxes, labels = gts.bboxes.tolist(), gts.labels.tolist()
    scores = gts.get('scores', torch.ones(len(boxes))).tolist()
    found = best_anchor_priors(
        gts.bboxes, head.prior_generator.base_sizes, STRIDES, SHAPES
    ).tolist()
    owner = {prior: gt for gt, prior in enumerate(found)}  # the last wins
    names = ('cls', 'conf', 'xy', 'wh', 'iou', 'iou_aware')
    loss = dict.fromkeys([f'loss_{name}' for name in names], 0.0)
    for prior, (raw, box, cell, stride, anchor) in enumerate(
        predictions(head, maps)
    ):
        if prior not in owner:
            known = [*boxes, *ignored]
            if max([iou(box, b) for b in known], default=0) <= 0.7:
                loss['loss_conf'] += bce(raw[4], 0)
            continue
        gt = boxes[owner[prior]]
        score = scores[owner[prior]]
        width, height = gt[2] - gt[0], gt[3] - gt[1]
        weight = (2 - width * height / (96 * 64)) * score
        for axis in (0, 1):
            center = (gt[axis] + gt[axis + 2]) / 2 / stride - cell[axis]
            offset = 1.05 * sigmoid(raw[axis]) - 0.025
            loss['loss_xy'] += weight * abs(offset - center)
            side = math.log((width, height)[axis] / anchor[axis])
            loss['loss_wh'] += weight * abs(raw[2 + axis] - side)
        overlap = iou(box, gt)
        loss['loss_iou'] += weight * 2.5 * (1 - overlap**2)
        loss['loss_iou_aware'] += score * bce(raw[-1], overlap)
        loss['loss_conf'] += score * bce(raw[4], 1)
        for label in range(CLASSES):
            target = float(labels[owner[prior]] == label)
            loss['loss_cls'] += score * bce(raw[5 + label], target)
    return loss


def losses(head, maps, gts, ignored=None):
    return {
        name: float(value)
        for name, value in head.loss_by_feat(
            maps, [gts], [{}], None if ignored is None else [ignored]
        ).items()
    }


@pytest.mark.parametrize('n', [0, 1, 12, 700])
@pytest.mark.parametrize('mixed', [False, True])
def test_losses_are_those_of_the_loops(n, mixed, generator):
    head = make_head()
    maps = outputs(generator)
    more = {}
    if mixed:
        more['scores'] = torch.rand(n, generator=generator) + 0.01
    gts = objects(n, generator, **more)
    expected = reference(head, maps, gts)
    assert losses(head, maps, gts) == pytest.approx(expected, rel=1e-4)


def fitting(head, generator):
    """Outputs whose every box is drawn near to objects that are nobody's."""
    maps = outputs(generator, scale=0.1)
    boxes = [box for _, box, *_ in predictions(head, maps)]
    return maps, torch.tensor(boxes)


def test_predictions_near_an_object_are_not_negative(generator):
    head = make_head()
    maps, boxes = fitting(head, generator)
    # Objects are moved predictions: with the prior itself many others of
    # nearly the same box are left out, none of them learnt.
    gts = InstanceData(
        bboxes=boxes[[3, 20, 80, 200]] + 0.5, labels=torch.tensor([0, 1, 0, 1])
    )
    with_mask = losses(head, maps, gts)
    assert with_mask == pytest.approx(
        reference(head, maps, gts), rel=1e-4, abs=1e-5
    )
    head.ignore_iou_thr = 1.0
    without = losses(head, maps, gts)
    assert without['loss_conf'] > with_mask['loss_conf'] + 0.01
    assert {k: v for k, v in without.items() if k != 'loss_conf'} == {
        k: v for k, v in with_mask.items() if k != 'loss_conf'
    }


def test_nothing_near_an_ignored_box_is_negative(generator):
    head = make_head()
    maps, boxes = fitting(head, generator)
    gts = objects(2, generator)
    ignored = InstanceData(bboxes=boxes[[30, 100]])
    expected = reference(head, maps, gts, ignored.bboxes.tolist())
    assert losses(head, maps, gts, ignored) == pytest.approx(
        expected, rel=1e-4
    )
    assert expected['loss_conf'] < losses(head, maps, gts)['loss_conf']


def test_a_batch_is_the_mean_of_its_images(generator):
    head = make_head()
    maps = outputs(generator, batch=2)
    gts = [objects(5, generator), objects(0, generator)]
    together = head.loss_by_feat(maps, gts, [{}, {}])
    alone = [
        head.loss_by_feat([m[i : i + 1] for m in maps], [gts[i]], [{}])
        for i in range(2)
    ]
    for name, value in together.items():
        mean = (alone[0][name] + alone[1][name]) / 2
        torch.testing.assert_close(value, mean)


@pytest.mark.parametrize('n', [0, 1, 700])
@pytest.mark.parametrize('scale', [1, 20])
def test_gradients_are_finite_and_reach_every_part(n, scale, generator):
    head = make_head()
    maps = [m.requires_grad_() for m in outputs(generator, scale=scale)]
    sum(
        head.loss_by_feat(maps, [objects(n, generator)], [{}]).values()
    ).backward()
    for level in maps:
        assert level.grad.isfinite().all()
    if scale > 1:  # sigmoids of 20 are flat
        return
    # Of no object there is nothing to learn but the objectness.
    parts = sum(
        m.grad.view(3, 6 + CLASSES, -1).abs().sum((0, 2)) for m in maps
    )
    assert (parts > 0).tolist() == [n > 0] * 4 + [True] + [n > 0] * 3


def test_perfect_predictions_cost_next_to_nothing():
    head = make_head(num_classes=1)
    gts = InstanceData(
        bboxes=touching_row(8, (10, 13)), labels=torch.zeros(8).long()
    )
    flat = torch.full((1, 3 * sum(h * w for h, w in SHAPES), 7), -30.0)
    prior = best_anchor_priors(
        gts.bboxes, head.prior_generator.base_sizes, STRIDES, SHAPES
    )
    center = (gts.bboxes[:, :2] + gts.bboxes[:, 2:]) / 2 / 8
    inside = (center - center.floor() + 0.025) / 1.05
    flat[0, prior, :2] = inside.logit()
    flat[0, prior, 2:4] = 0  # the anchor's own size
    flat[0, prior, 4:] = 30
    maps, start = [], 0
    for h, w in SHAPES:
        part = flat[:, start : start + 3 * h * w].view(1, h, w, 21)
        maps.append(part.permute(0, 3, 1, 2))
        start += 3 * h * w
    assert sum(losses(head, maps, gts).values()) < 0.01
    (found,) = head.predict_by_feat(maps, [dict(img_shape=(64, 96))])
    assert len(found) == 8
    order = found.bboxes[:, 0].argsort()
    torch.testing.assert_close(
        found.bboxes[order], gts.bboxes, atol=1e-3, rtol=0
    )


def test_scores_and_boxes_of_predictions(generator):
    """Before NMS: class * objectness^0.6 * IoU^0.4, boxes cut at the image."""
    head = make_head()
    maps = outputs(generator)
    cfg = ConfigDict(score_thr=0.3, nms_pre=-1)
    (found,) = head.predict_by_feat(
        maps, [dict(img_shape=(60, 90))], cfg=cfg, with_nms=False
    )
    expected = []
    for raw, box, *_ in predictions(head, maps):
        factor = sigmoid(raw[4]) ** 0.6 * sigmoid(raw[-1]) ** 0.4
        cut = [min(max(v, 0), e) for v, e in zip(box, (90, 60, 90, 60))]
        for label in range(CLASSES):
            score = sigmoid(raw[5 + label]) * factor
            if score > 0.3:
                expected.append((score, label, *cut))
    expected.sort(reverse=True)
    ours = torch.cat(
        (found.scores[:, None], found.labels[:, None], found.bboxes), dim=1
    )
    assert len(expected) > 20
    torch.testing.assert_close(
        ours, torch.tensor(expected), atol=1e-4, rtol=1e-4
    )


def test_nms_is_chosen_by_its_type(generator):
    head = make_head()
    maps = outputs(generator)
    meta = [dict(img_shape=(64, 96), scale_factor=(2.0, 0.5))]
    matrix = head.predict_by_feat(maps, meta, rescale=True)[0]
    assert len(matrix) > 0
    # Boxes of the original image: half as wide, twice as high
    assert matrix.bboxes[:, 2].max() <= 48
    assert 64 < matrix.bboxes[:, 3].max() <= 128
    assert (matrix.scores.diff() <= 0).all()
    head.test_cfg.nms = dict(type='nms', iou_threshold=0.5)
    stock = head.predict_by_feat(maps, meta, rescale=True)[0]
    assert 0 < len(stock) != len(matrix)
    head.test_cfg.max_per_img = 5
    assert len(head.predict_by_feat(maps, meta)[0]) == 5
    head.test_cfg.nms = dict(type='matrix_nms')
    assert len(head.predict_by_feat(maps, meta)[0]) == 5


def test_nothing_found_is_an_empty_result(generator):
    head = make_head()
    head.test_cfg.score_thr = 0.999
    (found,) = head.predict_by_feat(
        outputs(generator), [dict(img_shape=(64, 96))]
    )
    assert found.bboxes.shape == (0, 4)


def test_forward_and_initial_bias():
    head = make_head()
    head.init_weights()
    feats = [torch.rand(2, c, h, w) for c, (h, w) in zip((8, 4, 4), SHAPES)]
    (maps,) = head(feats)
    assert [m.shape[1] for m in maps] == [3 * (6 + CLASSES)] * 3
    bias = head.convs_pred[0].bias.view(3, -1)
    assert (bias[:, -1] == 0).all()
    # 8 objects on a map of 608 pixels, as in YOLOv3
    torch.testing.assert_close(
        bias[:, 4].sigmoid(), torch.full((3,), 8 / 19**2)
    )
