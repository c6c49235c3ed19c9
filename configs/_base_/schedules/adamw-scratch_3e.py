# Three epochs for the small models: warm-up, then a cosine to zero.
_base_ = './adamw-scratch_24e.py'

train_cfg = dict(max_epochs=3, val_interval=3)
optim_wrapper = dict(optimizer=dict(lr=0.001))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, by_epoch=False, begin=0, end=50),
    dict(type='CosineAnnealingLR', by_epoch=True, convert_to_iter_based=True),
]
# lr is for the batches of four of the small data sets.
auto_scale_lr = dict(base_batch_size=4)
