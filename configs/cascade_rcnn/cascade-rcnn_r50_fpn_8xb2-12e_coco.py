# Table 3, Cascade R-CNN R50-FPN (paper: 0.408)
_base_ = [
    '../_base_/models/cascade-rcnn_r50.py',
    '../_base_/datasets/coco2017.py',
    'mmdet::_base_/schedules/schedule_1x.py',
    '../_base_/dense_scene_runtime.py',
]
