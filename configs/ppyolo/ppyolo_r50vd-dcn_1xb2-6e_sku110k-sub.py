# Table 2, PP-YOLO (paper: 0.362)
_base_ = [
    '../_base_/models/ppyolo_r50vd-dcn.py',
    '../_base_/datasets/sku110k-sub_all.py',
    '../_base_/schedules/sgd_6e.py',
    '../_base_/best_on_val_runtime.py',
]

model = dict(bbox_head=dict(num_classes=1))
optim_wrapper = _base_.deltas.pop('optim_wrapper')
source = dict(
    _base_.train_dataloader.dataset, pipeline=_base_.deltas.pop('load')
)
train_dataloader = dict(
    dataset=dict(_base_.deltas.pop('mixed'), dataset=source)
)
for loader in (_base_.val_dataloader, _base_.test_dataloader):
    loader.dataset.pipeline[1].update(_base_.deltas.test_resize)
_base_.custom_hooks.append(_base_.deltas.pop('ema'))
del source, loader
