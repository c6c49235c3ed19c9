# Table 3, PP-YOLO R50 (paper: 0.453)
_base_ = [
    '../_base_/models/ppyolo_r50vd-dcn.py',
    '../_base_/datasets/coco2017.py',
    '../_base_/schedules/ppyolo_811e.py',
    '../_base_/dense_scene_runtime.py',
]

source = dict(
    _base_.train_dataloader.dataset, pipeline=_base_.deltas.pop('load')
)
train_dataloader = dict(
    batch_size=24, dataset=dict(_base_.deltas.pop('mixed'), dataset=source)
)
for loader in (_base_.val_dataloader, _base_.test_dataloader):
    loader.dataset.pipeline[1].update(_base_.deltas.test_resize)
_base_.custom_hooks.append(_base_.deltas.pop('ema'))
del source, loader
