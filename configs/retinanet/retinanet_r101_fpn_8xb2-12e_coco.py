# Table 3, RetinaNet R101-FPN (paper: 0.373)
_base_ = [
    '../_base_/models/retinanet_r101.py',
    '../_base_/datasets/coco2017.py',
    'mmdet::_base_/schedules/schedule_1x.py',
    '../_base_/dense_scene_runtime.py',
]

optim_wrapper = dict(optimizer=dict(lr=0.01))
