# FCOS for two CPU cores: one class, dense numbers, from stride 4.
_base_ = './fcos_r50.py'

_base_.model.merge(_base_.deltas.dense_one_stage)
model = dict(
    backbone=_base_.deltas.r18_half,
    neck=dict(
        in_channels=[32, 64, 128, 256],
        out_channels=32,
        start_level=0,
        num_outs=4,
    ),
    bbox_head=dict(
        in_channels=32,
        feat_channels=32,
        stacked_convs=2,
        strides=[4, 8, 16, 32],
        regress_ranges=((-1, 32), (32, 64), (64, 128), (128, 1e8)),
    ),
)
