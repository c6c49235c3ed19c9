# Not in the paper: FCOS R50-FPN on SKU-110K
_base_ = [
    '../_base_/models/fcos_r50.py',
    '../_base_/datasets/sku110k-sub_all.py',
    '../_base_/schedules/sgd_6e.py',
    '../_base_/best_on_val_runtime.py',
]

model = _base_.deltas.dense_one_stage
# The paper's rate is eight times the original's for two images.
optim_wrapper = dict(clip_grad=dict(max_norm=35))
