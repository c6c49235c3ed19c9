# Table 2, YOLOv3 DarkNet53 (paper: 0.302)
_base_ = [
    '../_base_/models/yolov3_d53.py',
    '../_base_/datasets/sku110k-sub_all.py',
    '../_base_/schedules/sgd_6e.py',
    '../_base_/best_on_val_runtime.py',
]

model = _base_.deltas.dense_one_stage
# The losses are sums over objects, so the original's rate and clipping
optim_wrapper = dict(optimizer=dict(lr=0.001), clip_grad=dict(max_norm=35))

_base_.train_dataloader.dataset.pipeline[0].scales = [
    (size, size) for size in range(320, 609, 32)
]
for loader in (_base_.val_dataloader, _base_.test_dataloader):
    loader.dataset.pipeline[1].scale = (608, 608)
del loader
