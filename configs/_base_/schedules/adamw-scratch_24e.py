# From scratch, batch 2. SGD at 0.02 with batch 4 (the paper's rate per image)
# diverged on nuclei without pretrained weights; AdamW with a short warm-up and
# clipped gradients does not.

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=24, val_interval=1)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')

optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=0.0005, weight_decay=0.05),
    clip_grad=dict(max_norm=10, norm_type=2),
)

param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, by_epoch=False, begin=0, end=100),
    dict(
        type='CosineAnnealingLR',
        by_epoch=True,
        convert_to_iter_based=True,
        eta_min=0,
    ),
]

auto_scale_lr = dict(enable=False, base_batch_size=2)
