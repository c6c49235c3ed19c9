# YOLOv3 for two CPU cores: one class, dense numbers. mmdet's Darknet has one
# width, so the small backbone is R18.
_base_ = './yolov3_d53.py'

_base_.model.merge(_base_.deltas.dense_one_stage)
_base_.model.pop('backbone')
model = dict(
    backbone=dict(
        type='ResNet', out_indices=(1, 2, 3), **_base_.deltas.r18_half
    ),
    neck=dict(in_channels=[256, 128, 64], out_channels=[128, 64, 32]),
    bbox_head=dict(in_channels=[128, 64, 32], out_channels=[256, 128, 64]),
)
