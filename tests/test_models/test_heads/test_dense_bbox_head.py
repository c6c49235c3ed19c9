"""The stock head, and every kind of NMS by one key."""

import pytest
import torch
from mmdet.models.roi_heads.bbox_heads import Shared2FCBBoxHead
from mmengine.config import ConfigDict

from dense_scene.models.heads import DenseBBoxHead
from dense_scene.models.post_processing.nms import dense_nms

META = dict(img_shape=(80, 100), scale_factor=(2.0, 4.0))


def _head(cls, num_classes=3, agnostic=False):
    torch.manual_seed(0)
    return cls(
        in_channels=4,
        roi_feat_size=2,
        fc_out_channels=8,
        num_classes=num_classes,
        reg_class_agnostic=agnostic,
    )


def _predict(head, nms, num=40, score_thr=0.3):
    """Detections of random logits and deltas on boxes all over the image."""
    draw = torch.Generator().manual_seed(1)
    corner = torch.rand(num, 2, generator=draw) * 60
    size = 5 + torch.rand(num, 2, generator=draw) * 30
    roi = torch.cat((torch.zeros(num, 1), corner, corner + size), 1)
    columns = head.fc_reg.out_features
    return head._predict_by_feat_single(
        roi,
        torch.randn(num, head.num_classes + 1, generator=draw) * 2,
        torch.randn(num, columns, generator=draw),
        META,
        rescale=True,
        rcnn_test_cfg=nms
        and ConfigDict(score_thr=score_thr, nms=nms, max_per_img=30),
    )


def test_has_the_parameters_of_the_stock_head():
    ours, theirs = (_head(c) for c in (DenseBBoxHead, Shared2FCBBoxHead))
    assert ours.state_dict().keys() == theirs.state_dict().keys()
    for name, value in theirs.state_dict().items():
        assert torch.equal(ours.state_dict()[name], value)


@pytest.mark.parametrize('agnostic', [True, False])
@pytest.mark.parametrize('kind', ['nms', 'soft_nms', None])
def test_is_the_stock_head_with_the_stock_nms(kind, agnostic):
    nms = kind and dict(type=kind, iou_threshold=0.4)
    ours, theirs = (
        _predict(_head(cls, agnostic=agnostic), nms)
        for cls in (DenseBBoxHead, Shared2FCBBoxHead)
    )
    assert ours.keys() == theirs.keys() and len(ours) > 10
    for name in theirs.keys():  # noqa: SIM118  of an InstanceData
        assert torch.equal(ours[name], theirs[name]), name


@pytest.mark.parametrize('agnostic', [True, False])
@pytest.mark.parametrize(
    'kind', ['diou_nms', 'matrix_nms', 'em_merger', 'set_nms']
)
def test_the_key_chooses(kind, agnostic):
    head = _head(DenseBBoxHead, agnostic=agnostic)
    raw = _predict(head, None)
    boxes = raw.bboxes.view(len(raw.bboxes), -1, 4).expand(-1, 3, 4)
    row, label = (raw.scores[:, :3] > 0.3).nonzero(as_tuple=True)
    nms = dict(type=kind, iou_threshold=0.4)
    expected = dense_nms(
        boxes[row, label], raw.scores[row, label], label, nms, 30
    )
    found = _predict(head, nms)
    assert 5 < len(found) <= 30
    for one, other in zip(
        expected, (found.bboxes, found.scores, found.labels)
    ):
        assert torch.equal(one, other)


@pytest.mark.parametrize('kind', ['diou_nms', 'matrix_nms', 'em_merger'])
@pytest.mark.parametrize('score_thr, num', [(0.3, 0), (1.0, 40)])
def test_no_proposal_and_none_above_the_threshold(kind, score_thr, num):
    found = _predict(_head(DenseBBoxHead), dict(type=kind), num, score_thr)
    assert found.bboxes.shape == (0, 4)
    assert len(found.scores) == len(found.labels) == 0
    assert found.labels.dtype == torch.long
