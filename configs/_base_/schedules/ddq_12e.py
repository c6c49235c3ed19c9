# DDQ-DETR on COCO: AdamW, a tenth of the rate in the backbone, x0.1 after
# epoch 11.

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=12, val_interval=1)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')

optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=0.0002, weight_decay=0.05),
    clip_grad=dict(max_norm=0.1, norm_type=2),
    paramwise_cfg=dict(custom_keys={'backbone': dict(lr_mult=0.1)}),
)
param_scheduler = [
    dict(
        type='LinearLR', start_factor=0.0001, by_epoch=False, begin=0, end=2000
    ),
    dict(type='MultiStepLR', by_epoch=True, milestones=[11], gamma=0.1),
]

auto_scale_lr = dict(enable=False, base_batch_size=16)
