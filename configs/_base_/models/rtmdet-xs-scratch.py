# RTMDet for two CPU cores: half the width of RTMDet-s, one class.
_base_ = './rtmdet-s.py'

_base_.model.merge(_base_.deltas.dense_one_stage)
model = dict(
    backbone=dict(
        deepen_factor=0.167,
        widen_factor=0.25,
        norm_cfg=dict(type='BN'),
        init_cfg=None,
    ),
    neck=dict(
        in_channels=[64, 128, 256], out_channels=64, norm_cfg=dict(type='BN')
    ),
    bbox_head=dict(in_channels=64, feat_channels=64, norm_cfg=dict(type='BN')),
    test_cfg=dict(nms_pre=30000),
)
