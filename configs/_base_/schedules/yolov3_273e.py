# YOLOv3 on COCO: eight times eight images, 500,000 iterations, x0.1 after
# 400,000 and 450,000.

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=273, val_interval=7)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')

optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.001, momentum=0.9, weight_decay=0.0005),
    clip_grad=dict(max_norm=35, norm_type=2),
)
param_scheduler = [
    dict(
        type='LinearLR', start_factor=0.0001, by_epoch=False, begin=0, end=4000
    ),
    dict(type='MultiStepLR', by_epoch=True, milestones=[218, 246], gamma=0.1),
]

auto_scale_lr = dict(enable=False, base_batch_size=64)
