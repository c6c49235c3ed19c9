# Table 2, RetinaNet R101-FPN (paper: 0.373)
_base_ = [
    '../_base_/models/retinanet_r101.py',
    '../_base_/datasets/sku110k-sub_all.py',
    '../_base_/schedules/sgd_6e.py',
    '../_base_/best_on_val_runtime.py',
]

model = _base_.deltas.dense_one_stage
# The paper's rate is eight times the original's for two images.
optim_wrapper = dict(clip_grad=dict(max_norm=35))
