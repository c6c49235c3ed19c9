# Table 2, Faster R-CNN SENet154-FPN, W8 of six blocks on shelves (paper, W64: 0.384)
_base_ = [
    '../_base_/models/faster-rcnn_senet154-scratch_fpn.py',
    '../_base_/datasets/shelves.py',
    '../_base_/schedules/adamw-scratch_3e.py',
    '../_base_/dense_scene_runtime.py',
]

train_dataloader = dict(batch_size=4)
# So short a run does not profit from more than flips, at the native scale.
_base_.train_dataloader.dataset.pipeline = [
    dict(type='LoadCheckedImage'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackDetInputs'),
]
for loader in (_base_.val_dataloader, _base_.test_dataloader):
    loader.dataset.pipeline[1].scale = (512, 512)
del loader
_base_.custom_hooks.append(dict(type='ProposalQualityHook', interval=10))
