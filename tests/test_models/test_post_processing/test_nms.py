"""DIoU-NMS and set NMS against loops, and the one key that chooses."""

import pytest
import torch
from mmcv.ops import batched_nms
from mmdet.models.roi_heads.bbox_heads import MultiInstanceBBoxHead

from dense_scene.models.post_processing.matrix_nms import matrix_nms
from dense_scene.models.post_processing.nms import dense_nms, diou_nms, set_nms
from dense_scene.testing import random_boxes, touching_row


def _iou(a, b):
    wide = min(a[2], b[2]) - max(a[0], b[0])
    high = min(a[3], b[3]) - max(a[1], b[1])
    shared = max(wide, 0) * max(high, 0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
    return shared / (sum(areas) - shared)


def _diou(a, b, beta):
    """IoU less the power of the centers' distance by the diagonal."""
    x, y = (a[0] + a[2] - b[0] - b[2]) / 2, (a[1] + a[3] - b[1] - b[3]) / 2
    wide = max(a[2], b[2]) - min(a[0], b[0])
    high = max(a[3], b[3]) - min(a[1], b[1])
    return _iou(a, b) - ((x * x + y * y) / (wide**2 + high**2)) ** beta


def _loop(boxes, scores, suppresses):
    """Greedy NMS, one pair at a time."""
    kept = []
    for i in sorted(range(len(boxes)), key=lambda i: -scores[i]):
        if not any(suppresses(j, i) for j in kept):
            kept.append(i)
    return kept


def _crowd(generator, num=300):
    """Overlapping boxes with distinct scores, two labels, sets of two."""
    boxes = random_boxes(num, (60, 60), generator, torch.float64)
    boxes[:, 2:] += 3
    scores = torch.randperm(num, generator=generator).double() / num
    labels = torch.randint(0, 2, (num,), generator=generator)
    return boxes, scores, labels, torch.arange(num) // 2


@pytest.mark.parametrize('beta', [0.6, 1.0, 2.0])
@pytest.mark.parametrize('threshold', [0.0, 0.3, 0.6])
def test_diou_nms_is_the_loop(generator, threshold, beta):
    boxes, scores, labels, _ = _crowd(generator)
    rows = boxes.tolist()
    expected = _loop(
        rows,
        scores.tolist(),
        lambda j, i: (
            bool(labels[j] == labels[i])
            and _diou(rows[j], rows[i], beta) > threshold
        ),
    )
    found = diou_nms(boxes, scores, labels, threshold, beta)
    assert found.tolist() == expected
    assert 10 < len(expected) < 300


@pytest.mark.parametrize('threshold', [0.0, 0.3, 0.6])
def test_set_nms_is_the_loop(generator, threshold):
    boxes, scores, labels, sets = _crowd(generator)
    # Close boxes in one set, so that sets matter.
    boxes[1::2] = boxes[::2] + 1
    rows = boxes.tolist()
    found = []
    for use_sets in (True, False):
        expected = _loop(
            rows,
            scores.tolist(),
            lambda j, i, use=use_sets: (
                bool(labels[j] == labels[i])
                and not (use and sets[j] == sets[i])
                and _iou(rows[j], rows[i]) > threshold
            ),
        )
        given = sets if use_sets else None
        kept = set_nms(boxes, scores, labels, given, threshold)
        assert kept.tolist() == expected
        found.append(len(kept))
    assert found[0] > found[1]


def test_diou_nms_by_hand():
    # Both overlap the first by 1 / 3. Side by side: distance 5, diagonal
    # 15 x 10, penalty 25 / 325. Concentric (10 x 30): no penalty.
    boxes = torch.tensor([[0.0, 0, 10, 10], [5, 0, 15, 10], [0, -10, 10, 20]])
    scores = torch.tensor([0.9, 0.8, 0.7])
    one = torch.zeros(3)
    assert diou_nms(boxes[:2], scores[:2], one[:2], 0.25).tolist() == [0]
    assert diou_nms(boxes[:2], scores[:2], one[:2], 0.26).tolist() == [0, 1]
    concentric = boxes[[0, 2]]
    assert diou_nms(concentric, scores[:2], None, 0.33).tolist() == [0]


def test_set_nms_keeps_what_mmdet_keeps(generator):
    boxes, scores, _, sets = _crowd(generator)
    boxes[1::2] = boxes[::2] + 1
    rows = torch.column_stack((boxes, sets))
    theirs = MultiInstanceBBoxHead.set_nms(rows, scores, 0.05, 0.4, 1000)[1]
    found = scores > 0.05
    keep = set_nms(boxes[found], scores[found], None, sets[found], 0.4)
    # mmdet's come in the order of the input.
    assert torch.equal(scores[found][keep], theirs.sort(descending=True)[0])


def test_boxes_of_one_proposal_stay_even_if_equal():
    boxes = torch.tensor([[0.0, 0, 10, 10]]).repeat(3, 1)
    sets = torch.tensor([4, 4, 5])
    scores = torch.tensor([0.5, 0.9, 0.7])
    assert set_nms(boxes, scores, None, sets).tolist() == [1, 0]


KINDS = [
    dict(type='nms', iou_threshold=0.5),
    dict(type='soft_nms', iou_threshold=0.5),
    dict(type='diou_nms', iou_threshold=0.5),
    dict(type='set_nms', iou_threshold=0.5),
    dict(type='matrix_nms', post_thr=0.05),
    dict(type='em_merger'),
]
each_kind = pytest.mark.parametrize('nms', KINDS, ids=lambda nms: nms['type'])


@each_kind
@pytest.mark.parametrize('num', [1, 600])
def test_touching_objects_all_stay(nms, num):
    boxes = touching_row(num, (10, 20))
    scores = torch.linspace(0.9, 0.5, num)
    found, kept, labels = dense_nms(boxes, scores, torch.arange(num) % 3, nms)
    torch.testing.assert_close(found, boxes, rtol=0, atol=1e-3)
    torch.testing.assert_close(kept, scores)
    assert torch.equal(labels, torch.arange(num) % 3)


@each_kind
def test_duplicates_go_and_labels_stay_apart(nms):
    boxes = torch.tensor([[0.0, 0, 10, 20], [0, 0, 10, 20]]).repeat(2, 1)
    scores = torch.tensor([0.9, 0.8, 0.7, 0.6])
    labels = torch.tensor([0, 0, 1, 1])
    nms = {**nms, 'min_score': 0.5} if nms['type'] == 'soft_nms' else nms
    _, kept, found = dense_nms(boxes, scores, labels, nms)
    assert found.tolist() == [0, 1]
    torch.testing.assert_close(kept, torch.tensor([0.9, 0.7]))
    agnostic = {**nms, 'class_agnostic': True}
    assert dense_nms(boxes, scores, labels, agnostic)[2].tolist() == [0]


@each_kind
def test_no_box_and_the_cap(nms):
    none = torch.zeros(0)
    empty = dense_nms(none.view(0, 4), none, none.long(), nms)
    assert [len(part) for part in empty] == [0, 0, 0]
    boxes = touching_row(9, (10, 20))
    scores = torch.arange(1, 10) / 10
    found = dense_nms(boxes, scores, torch.zeros(9).long(), nms, 4)
    torch.testing.assert_close(found[1], torch.tensor([0.9, 0.8, 0.7, 0.6]))


def test_types_are_the_functions_of_these_names(generator):
    boxes, scores, labels, sets = _crowd(generator)
    args = boxes.float(), scores.float(), labels
    for nms in (dict(type='nms', iou_threshold=0.4), dict(type='soft_nms')):
        dets, keep = batched_nms(*args, nms)
        found = dense_nms(*args, nms)
        assert torch.equal(torch.column_stack(found[:2]), dets)
        assert torch.equal(found[2], labels[keep])
    nms = dict(type='matrix_nms', kernel='gaussian', iou_threshold=0.5)
    lowered, keep = matrix_nms(*args, kernel='gaussian')
    found = dense_nms(*args, nms)
    assert torch.equal(found[1], lowered) and torch.equal(
        found[0], args[0][keep]
    )
    nms = dict(type='set_nms', iou_threshold=0.4)
    keep = set_nms(*args, sets, 0.4)
    assert torch.equal(dense_nms(*args, nms, sets=sets)[1], args[1][keep])


def test_half_precision_is_compared_in_float32():
    # bfloat16 has 8 bits: from 2,048 on it counts in steps of 16 pixels.
    boxes = touching_row(40, (16, 32), (2048, 2048)).bfloat16()
    keep = diou_nms(boxes, torch.linspace(1, 0, 40).bfloat16())
    assert len(keep) == 40


@pytest.mark.parametrize(
    'options', [dict(iou_threshold=1.5), dict(beta=0), dict(beta=-1.0)]
)
def test_refuses(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        diou_nms(torch.zeros(1, 4), torch.ones(1), **options)
