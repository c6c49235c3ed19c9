"""Views are merged under the limits of the detector."""

import pytest
import torch
from mmdet.models.test_time_augs import DetTTAModel
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from mmengine.config import ConfigDict
from mmengine.model import BaseModel
from mmengine.structures import InstanceData

from dense_scene.models.test_time_augs.dense_tta_model import DenseTTAModel
from dense_scene.testing import touching_row


class Detector(BaseModel):
    def __init__(self, test_cfg):
        super().__init__()
        self.test_cfg = ConfigDict(test_cfg)

    def forward(self, inputs, data_samples=None, mode='tensor'):
        raise NotImplementedError

    def test_step(self, data):
        return self.forward(**data)


def view(boxes, flip):
    """An image of 2,000 pixels as seen by one of the two views."""
    sample = DetDataSample(
        metainfo=dict(
            ori_shape=(2000, 2000), flip=flip, flip_direction='horizontal'
        )
    )
    if flip:
        boxes = boxes.clone()
        boxes[:, [0, 2]] = 2000 - boxes[:, [2, 0]]
    sample.pred_instances = InstanceData(
        bboxes=boxes,
        scores=torch.linspace(1, 0.5, len(boxes)),
        labels=torch.zeros(len(boxes), dtype=torch.long),
    )
    return sample


def test_230_objects_are_kept_where_the_default_keeps_100():
    nms = dict(type='nms', iou_threshold=0.5)
    detector = Detector(dict(rpn={}, rcnn=dict(nms=nms, max_per_img=400)))
    boxes = touching_row(230, size=(8.0, 20.0))
    views = [view(boxes, False), view(boxes, True)]
    ours = DenseTTAModel(module=detector)
    (merged,) = ours.merge_preds([views])
    # Each object once: the views agree, and touching ones do not overlap.
    assert len(merged.pred_instances) == 230
    # What mmdet's test.py sets where a config has no tta_model.
    stock = DetTTAModel(
        module=detector, tta_cfg=ConfigDict(nms=nms, max_per_img=100)
    )
    (merged,) = stock.merge_preds([views])
    assert len(merged.pred_instances) == 100


@pytest.mark.parametrize(
    'test_cfg, nms',
    [
        (
            dict(nms=dict(type='nms', iou_threshold=0.65), max_per_img=300),
            dict(type='nms', iou_threshold=0.65),
        ),
        (
            dict(
                rcnn=dict(
                    nms=dict(
                        type='soft_nms', iou_threshold=0.5, min_score=0.05
                    ),
                    max_per_img=300,
                )
            ),
            dict(type='soft_nms', iou_threshold=0.5, min_score=0.05),
        ),
        (
            dict(rcnn=dict(nms=dict(type='em_merger'), max_per_img=300)),
            dict(type='nms', iou_threshold=0.5),
        ),
        (
            dict(
                rcnn=dict(
                    nms=dict(type='set_nms', iou_threshold=0.4),
                    max_per_img=300,
                )
            ),
            dict(type='nms', iou_threshold=0.4),
        ),
        (dict(max_per_img=300), dict(type='nms', iou_threshold=0.5)),  # DDQ
    ],
)
def test_limits_of_the_detector(test_cfg, nms):
    detector = Detector(test_cfg)
    model = DenseTTAModel(module=detector)
    assert model.tta_cfg == dict(nms=nms, max_per_img=300)
    own = DenseTTAModel(module=detector, tta_cfg=dict(max_per_img=7))
    assert own.tta_cfg == dict(nms=nms, max_per_img=7)


def test_a_detector_without_a_limit_keeps_all():
    """YOLOX has no max_per_img."""
    nms = dict(type='nms', iou_threshold=0.65)
    model = DenseTTAModel(module=Detector(dict(score_thr=0.01, nms=nms)))
    boxes = touching_row(230, size=(8.0, 20.0))
    (merged,) = model.merge_preds([[view(boxes, False)]])
    assert len(merged.pred_instances) == 230


def test_it_is_registered():
    assert MODELS.get('DenseTTAModel') is DenseTTAModel


@pytest.mark.gpu
def test_views_on_a_gpu_are_merged_there():
    nms = dict(type='nms', iou_threshold=0.5)
    model = DenseTTAModel(module=Detector(dict(nms=nms, max_per_img=400)))
    boxes = touching_row(230, size=(8.0, 20.0))
    views = [view(boxes, flip).to('cuda') for flip in (False, True)]
    (merged,) = model.merge_preds([views])
    found = merged.pred_instances
    assert found.bboxes.is_cuda and found.scores.is_cuda
    # By falling score, as `view` gave them: both views say the same.
    torch.testing.assert_close(found.bboxes.cpu(), boxes)
