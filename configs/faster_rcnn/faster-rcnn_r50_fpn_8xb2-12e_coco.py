# Table 3, Faster R-CNN R50-FPN (paper: 0.372)
_base_ = [
    '../_base_/models/faster-rcnn_r50.py',
    '../_base_/datasets/coco2017.py',
    'mmdet::_base_/schedules/schedule_1x.py',
    '../_base_/dense_scene_runtime.py',
]
