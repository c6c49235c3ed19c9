# Table 3, FCOS R50-FPN (paper: 0.396)
_base_ = [
    '../_base_/models/fcos_r50.py',
    '../_base_/datasets/coco2017.py',
    'mmdet::_base_/schedules/schedule_1x.py',
    '../_base_/dense_scene_runtime.py',
]

optim_wrapper = dict(
    optimizer=dict(lr=0.01),
    paramwise_cfg=dict(bias_lr_mult=2.0, bias_decay_mult=0.0),
)
