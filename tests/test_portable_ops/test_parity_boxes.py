"""Overlaps, matches and rotated boxes against compiled mmcv."""

import pytest
import torch

from tests.test_portable_ops.inputs import make_dense_boxes, relative_error

pytestmark = pytest.mark.parity


def rotated_boxes(num, generator):
    """Random ones, with turns by quarters and equal pairs among them."""
    boxes = torch.rand(num, 5, generator=generator)
    boxes[:, :2] *= 100
    boxes[:, 2:4] = boxes[:, 2:4] * 60 + 2
    boxes[:, 4] = (boxes[:, 4] - 0.5) * 8
    boxes[: num // 4, 4] = (torch.pi / 2) * boxes[: num // 4, 4].round()
    boxes[num // 2 : num // 2 + num // 8] = boxes[: num // 8]
    return boxes


@pytest.mark.parametrize('offset', [0, 1])
@pytest.mark.parametrize('aligned', [False, True])
@pytest.mark.parametrize('mode', [0, 1], ids=['iou', 'iof'])
def test_bbox_overlaps(both, generator, mode, aligned, offset):
    boxes = make_dense_boxes(60, generator)
    others = make_dense_boxes(60, generator)
    buffer = torch.zeros(60) if aligned else torch.zeros(60, 60)
    numbers = dict(mode=mode, aligned=aligned, offset=offset)
    (_, ours), (_, theirs) = both(
        'bbox_overlaps', boxes, others, buffer, **numbers
    )
    assert relative_error(ours[2], theirs[2]) <= 1e-5


@pytest.mark.parametrize('threshold', [0.3, 0.5, 0.7])
@pytest.mark.parametrize('num', [1, 2, 600])
def test_nms_match(both, generator, num, threshold):
    dets = torch.rand(num, 5, generator=generator)
    dets[:, :4] = make_dense_boxes(num, generator)
    (ours, _), (theirs, _) = both('nms_match', dets, iou_threshold=threshold)
    assert ours == theirs


@pytest.mark.parametrize('aligned', [False, True])
@pytest.mark.parametrize('mode', [0, 1], ids=['iou', 'iof'])
def test_box_iou_rotated(both, generator, mode, aligned):
    boxes = rotated_boxes(200, generator)
    others = rotated_boxes(200, generator)
    others[:20] = boxes[:20]
    buffer = torch.zeros(200 if aligned else 40000)
    (_, ours), (_, theirs) = both(
        'box_iou_rotated',
        boxes,
        others,
        buffer,
        mode_flag=mode,
        aligned=aligned,
    )
    assert relative_error(ours[2], theirs[2]) <= 1e-5


@pytest.mark.parametrize('threshold', [0.1, 0.5])
@pytest.mark.parametrize('num', [1, 600])
def test_nms_rotated(both, generator, num, threshold):
    boxes = rotated_boxes(num, generator)
    scores = torch.rand(num, generator=generator)
    order = scores.sort(descending=True).indices
    (ours, _), (theirs, _) = both(
        'nms_rotated',
        boxes,
        scores,
        order,
        boxes[order],
        torch.zeros(num),
        iou_threshold=threshold,
        multi_label=0,
    )
    assert torch.equal(ours, theirs)
