# HRNet for two CPU cores: eight channels at its finest, one block a branch.
_base_ = './faster-rcnn_r18-scratch.py'

model = dict(
    backbone=dict(
        _delete_=True,
        type='HRNet',
        norm_eval=False,
        extra=dict(
            stage1=dict(
                num_modules=1,
                num_branches=1,
                block='BOTTLENECK',
                num_blocks=(1,),
                num_channels=(16,),
            ),
            stage2=dict(
                num_modules=1,
                num_branches=2,
                block='BASIC',
                num_blocks=(1, 1),
                num_channels=(8, 16),
            ),
            stage3=dict(
                num_modules=1,
                num_branches=3,
                block='BASIC',
                num_blocks=(1, 1, 1),
                num_channels=(8, 16, 32),
            ),
            stage4=dict(
                num_modules=1,
                num_branches=4,
                block='BASIC',
                num_blocks=(1, 1, 1, 1),
                num_channels=(8, 16, 32, 64),
            ),
        ),
    ),
    neck=dict(
        _delete_=True,
        type='HRFPN',
        in_channels=[8, 16, 32, 64],
        out_channels=32,
        num_outs=4,
    ),
)
