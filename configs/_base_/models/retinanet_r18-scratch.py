# RetinaNet for two CPU cores: one class, dense numbers, anchors from 16 pixels.
_base_ = './retinanet_r101.py'

_base_.model.merge(_base_.deltas.dense_one_stage)
model = dict(
    backbone=_base_.deltas.r18_half,
    neck=dict(in_channels=[32, 64, 128, 256], out_channels=32, num_outs=3),
    bbox_head=dict(
        in_channels=32,
        feat_channels=32,
        stacked_convs=2,
        anchor_generator=dict(octave_base_scale=2, strides=[8, 16, 32]),
    ),
)
