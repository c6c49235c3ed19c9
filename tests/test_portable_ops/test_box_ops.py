"""Overlaps, groups of suppressed boxes, rotated boxes."""

import math

import pytest
import torch
from mmcv.ops import bbox_overlaps, box_iou_rotated, nms_match, nms_rotated
from mmdet.structures.bbox import bbox_overlaps as mmdet_overlaps

from portable_ops import box_overlaps
from portable_ops import nms_rotated as rotated_nms_module
from portable_ops.nms_rotated import nms_rotated as ours_nms_rotated
from tests.test_portable_ops.inputs import make_dense_boxes, touching_row


@pytest.mark.parametrize('mode', ['iou', 'iof'])
@pytest.mark.parametrize('aligned', [False, True])
def test_overlaps_are_mmdet_s(generator, mode, aligned):
    boxes = make_dense_boxes(60, generator)
    others = make_dense_boxes(60, generator)
    torch.testing.assert_close(
        bbox_overlaps(boxes, others, mode, aligned),
        mmdet_overlaps(boxes, others, mode, aligned),
    )


def test_overlaps_with_whole_pixels():
    # Pixels 0 to 9 and 5 to 14: 5 x 10 in common of 10 x 10 each, 1 / 3.
    boxes = torch.tensor([[0.0, 0, 9, 9]])
    others = torch.tensor([[5.0, 0, 14, 9]])
    assert float(bbox_overlaps(boxes, others, offset=1)) == pytest.approx(
        1 / 3
    )


def test_matches_by_hand():
    boxes = torch.tensor(
        [
            [0.0, 0, 10, 10, 0.5],  # in the group of the second
            [0.0, 0, 10, 10, 0.9],
            [0.0, 5, 10, 10, 0.8],  # IoU 0.5 with it: taken
            [50.0, 0, 60, 10, 0.95],
        ]
    )
    groups = [group.tolist() for group in nms_match(boxes, 0.5)]
    assert groups == [[3], [1, 2, 0]]
    assert nms_match(boxes[:0], 0.5) == []
    # The group is a partition, whatever the boxes.
    row = torch.cat([touching_row(40), torch.rand(40, 1)], 1)
    assert sorted(int(i) for g in nms_match(row, 0.5) for i in g) == list(
        range(40)
    )


@pytest.mark.parametrize('threshold', [0.3, 0.5])
def test_matches_by_pairs_are_those_by_rows(generator, threshold):
    boxes = make_dense_boxes(400, generator)
    dets = torch.cat([boxes, torch.rand(400, 1, generator=generator)], 1)
    dets[::40, 2] = dets[::40, 0]  # without area: row by row
    for some in (dets, dets[1:40]):
        order = some[:, 4].argsort(descending=True)
        expected = box_overlaps._by_rows(some[order, :4], threshold)
        expected = [order[group].tolist() for group in expected]
        found = box_overlaps.nms_match(some, threshold)
        assert found == expected
    found = box_overlaps._by_pairs(dets[1:40], threshold)
    assert found is not None and len(found) < 39


def test_upright_boxes_are_boxes(generator):
    corners = make_dense_boxes(50, generator)
    size = corners[:, 2:] - corners[:, :2]
    middle = (corners[:, 2:] + corners[:, :2]) / 2
    boxes = torch.cat([middle, size, torch.zeros(50, 1)], 1)
    expected = mmdet_overlaps(corners, corners)
    torch.testing.assert_close(
        box_iou_rotated(boxes, boxes), expected, rtol=1e-4, atol=1e-5
    )
    # A quarter turn exchanges width and height.
    turned = boxes[:, [0, 1, 3, 2, 4]].clone()
    turned[:, 4] = math.pi / 2
    torch.testing.assert_close(
        box_iou_rotated(turned, boxes), expected, rtol=1e-4, atol=1e-5
    )


def test_rotated_by_hand():
    # A unit square and the same turned by 45 degrees: a regular octagon of
    # inradius 1/2, area 2 (sqrt(2) - 1); union 2 minus that.
    square = torch.tensor([[3.0, 4, 1, 1, 0]])
    turned = torch.tensor([[3.0, 4, 1, 1, math.pi / 4]])
    shared = 2 * (math.sqrt(2) - 1)
    found = float(box_iou_rotated(square, turned))
    assert found == pytest.approx(shared / (2 - shared), rel=1e-5)
    assert float(box_iou_rotated(square, turned, mode='iof')) == pytest.approx(
        shared, rel=1e-5
    )


@pytest.mark.parametrize('angle', [0.0, 0.3, -2.0])
def test_rotated_equal_touching_apart_and_empty(angle):
    box = torch.tensor([5.0, 5, 4, 2, angle])
    along = torch.tensor([math.cos(angle), math.sin(angle), 0, 0, 0])
    others = torch.stack([box, box + 4 * along, box + 9 * along, box])
    others[3, 2] = 0
    found = box_iou_rotated(box[None], others)[0]
    assert found[0] == pytest.approx(1, abs=1e-5)
    assert found[1] == pytest.approx(0, abs=1e-5)
    assert found[2] == 0
    assert found[3] == 0
    assert box_iou_rotated(box[None], others[:0]).shape == (1, 0)


def by_rows(monkeypatch, boxes, scores, threshold, labels=None):
    """NMS that clips each kept box with all after it."""
    with monkeypatch.context() as patch:
        patch.setattr(rotated_nms_module, '_MOST_PAIRS', -1)
        return ours_nms_rotated(boxes, scores, threshold, labels).tolist()


@pytest.mark.parametrize('threshold', [0.02, 0.3, 0.5, 0.95])
@pytest.mark.parametrize('far', [0, 1e4])
def test_rotated_nms_by_pairs_is_that_by_rows(
    generator, monkeypatch, threshold, far
):
    """Clusters, copies, and slivers whose upright bounds are far larger."""
    middle = torch.rand(60, 2, generator=generator).repeat(4, 1) * 200 + far
    size = torch.rand(240, 2, generator=generator) * 30 + 2
    size[::3, 0] = 90
    size[::3, 1] = 1
    angle = torch.rand(240, 1, generator=generator) * 6
    boxes = torch.cat([middle, size, angle], 1)
    boxes[:20] = boxes[20:40]
    boxes[5, 2] = 0
    scores = torch.rand(240, generator=generator)
    labels = torch.randint(0, 3, (240,), generator=generator)
    for among in (None, labels):
        found = ours_nms_rotated(boxes, scores, threshold, among).tolist()
        expected = by_rows(monkeypatch, boxes, scores, threshold, among)
        assert found == expected
        assert 20 < len(found) < 240


@pytest.mark.parametrize('threshold', [0.0, -1.0])
def test_rotated_nms_at_no_threshold_drops_boxes_apart(threshold):
    boxes = torch.tensor([[0.0, 0, 1, 1, 0], [9, 9, 1, 1, 0]])
    scores = torch.tensor([0.2, 0.9])
    assert ours_nms_rotated(boxes, scores, threshold).tolist() == [1]


def test_rotated_nms_of_none_and_of_copies():
    assert (
        ours_nms_rotated(torch.zeros(0, 5), torch.zeros(0), 0.5).size(0) == 0
    )
    # 600 copies meet in far more pairs than are clipped at once.
    copies = torch.tensor([[5.0, 5, 4, 2, 0.5]]).repeat(600, 1)
    assert ours_nms_rotated(copies, torch.arange(600.0), 0.5).tolist() == [599]


def test_rotated_nms_keeps_classes_apart():
    boxes = torch.tensor([[5.0, 5, 4, 2, 0.5]]).repeat(3, 1)
    scores = torch.tensor([0.2, 0.9, 0.5])
    dets, kept = nms_rotated(boxes, scores, 0.5)
    assert kept.tolist() == [1]
    assert dets[0].tolist() == pytest.approx([5, 5, 4, 2, 0.5, 0.9])
    labels = torch.tensor([0, 1, 1])
    assert ours_nms_rotated(boxes, scores, 0.5, labels).tolist() == [1, 0]
    assert nms_rotated(boxes, scores, 0.5, labels)[1].tolist() == [1, 0]


def test_rotated_nms_of_600(generator):
    """Kept boxes do not overlap; dropped ones overlap a better kept one."""
    middle = torch.rand(600, 2, generator=generator) * 300
    size = torch.rand(600, 2, generator=generator) * 40 + 5
    angle = torch.rand(600, 1, generator=generator) * 6
    boxes = torch.cat([middle, size, angle], 1)
    scores = torch.rand(600, generator=generator)
    kept = nms_rotated(boxes, scores, 0.1)[1]
    overlaps = box_iou_rotated(boxes, boxes)
    among = overlaps[kept][:, kept].fill_diagonal_(0)
    assert (among < 0.1).all()
    dropped = torch.ones(600, dtype=torch.bool)
    dropped[kept] = False
    better = scores[kept][None] >= scores[dropped][:, None]
    reaches = overlaps[dropped][:, kept] >= 0.1
    assert (better & reaches).any(dim=1).all()
