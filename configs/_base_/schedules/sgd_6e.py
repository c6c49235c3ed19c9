# The paper's schedule: batch 2, SGD, 6 epochs.

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=6, val_interval=1)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')

optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=0.0001),
)

param_scheduler = [
    # 0.001 to 0.01 in 500 iterations
    dict(type='LinearLR', start_factor=0.1, by_epoch=False, begin=0, end=500),
    # x0.1 after 4 epochs, and again after 5.5. The second step is a
    # ConstantLR because its start is rounded to an iteration; MultiStepLR
    # multiplies 5.5 by the epoch's length and, when that is odd, waits for
    # an iteration and a half that never comes.
    dict(
        type='MultiStepLR',
        by_epoch=True,
        convert_to_iter_based=True,
        milestones=[4],
        gamma=0.1,
    ),
    dict(
        type='ConstantLR',
        by_epoch=True,
        convert_to_iter_based=True,
        begin=5.5,
        end=1000,  # never; the default is the length, which may be cut
        factor=0.1,
    ),
]

# mim train CONFIG --auto-scale-lr scales lr for another total batch size.
auto_scale_lr = dict(enable=False, base_batch_size=2)
