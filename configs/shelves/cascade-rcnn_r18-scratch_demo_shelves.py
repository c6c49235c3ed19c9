# `make demo`: row 2, small enough to learn shelves on two CPU cores in minutes
_base_ = './cascade-rcnn_r101-scratch_fpn_dense-proposal-balanced-l1_1xb2-24e_shelves.py'

max_epochs = 5
train_cfg = dict(max_epochs=max_epochs, val_interval=max_epochs)
model = dict(
    backbone=dict(
        depth=18,
        stem_channels=32,
        base_channels=32,
        norm_cfg=dict(_delete_=True, type='BN'),
    ),
    neck=dict(in_channels=[32, 64, 128, 256], out_channels=64, num_outs=4),
    rpn_head=dict(
        in_channels=64,
        feat_channels=64,
        anchor_generator=dict(strides=[4, 8, 16, 32]),
    ),
    roi_head=dict(
        bbox_roi_extractor=dict(
            out_channels=64, roi_layer=dict(sampling_ratio=2)
        )
    ),
    train_cfg=dict(
        rpn=dict(sampler=dict(num=256)),
        rpn_proposal=dict(nms_pre=500, max_per_img=300),
    ),
    test_cfg=dict(rpn=dict(nms_pre=500, max_per_img=300)),
)
optim_wrapper = dict(optimizer=dict(lr=0.001))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, by_epoch=False, begin=0, end=30),
    dict(
        type='CosineAnnealingLR',
        by_epoch=True,
        convert_to_iter_based=True,
        T_max=max_epochs,
    ),
]
train_dataloader = dict(batch_size=4)
default_hooks = dict(logger=dict(interval=20))

for head in _base_.model.roi_head.bbox_head:
    head.in_channels = 64
    head.fc_out_channels = 256
for stage in _base_.model.train_cfg.rcnn:
    stage.sampler.num = 256
_base_.train_dataloader.dataset.pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackDetInputs'),
]
for loader in (_base_.val_dataloader, _base_.test_dataloader):
    loader.dataset.pipeline[1].scale = (320, 320)
del head, stage, loader
