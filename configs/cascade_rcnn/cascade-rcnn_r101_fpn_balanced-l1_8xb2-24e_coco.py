# Table 3, Cascade R-CNN R101-FPN + balanced L1 (paper: 0.457)
_base_ = [
    '../_base_/models/cascade-rcnn_r50.py',
    '../_base_/datasets/coco_auto-augment.py',
    'mmdet::_base_/schedules/schedule_2x.py',
    '../_base_/dense_scene_runtime.py',
]

_base_.model.backbone.update(depth=101)
_base_.model.backbone.init_cfg.checkpoint = 'torchvision://resnet101'
for head in _base_.model.roi_head.bbox_head:
    head.merge(_base_.deltas.balanced_l1)
del head
