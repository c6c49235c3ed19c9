# PP-YOLO's longer schedule ("2x") on COCO: 500,000 iterations of 192 images,
# x0.1 after 400,000 and 450,000; an epoch has 616.

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=811, val_interval=10)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')

optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=0.0005),
    paramwise_cfg=dict(norm_decay_mult=0),
)

param_scheduler = [
    dict(
        type='LinearLR', start_factor=0.001, by_epoch=False, begin=0, end=4000
    ),
    dict(type='MultiStepLR', by_epoch=True, milestones=[649, 730], gamma=0.1),
]

# mim train CONFIG --auto-scale-lr scales lr for another total batch size.
auto_scale_lr = dict(enable=False, base_batch_size=192)
