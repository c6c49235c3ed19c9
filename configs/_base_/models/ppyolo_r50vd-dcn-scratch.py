# PP-YOLO for two CPU cores: every part of it at a quarter of its width, one
# class, images of one size without MixUp.
_base_ = './ppyolo_r50vd-dcn.py'

model = dict(
    data_preprocessor=dict(batch_augments=None),
    backbone=dict(stem_channels=16, base_channels=16, init_cfg=None),
    neck=dict(in_channels=[512, 256, 128], out_channels=[128, 64, 32]),
    bbox_head=dict(
        num_classes=1, in_channels=[128, 64, 32], out_channels=[256, 128, 64]
    ),
)
