# Table 2, Faster R-CNN SENet154-FPN, W8 of six blocks on nuclei (paper, W64: 0.384)
_base_ = [
    '../_base_/models/faster-rcnn_senet154-scratch_fpn.py',
    '../_base_/datasets/nuclei.py',
    '../_base_/schedules/adamw-scratch_3e.py',
    '../_base_/dense_scene_runtime.py',
]

train_dataloader = dict(batch_size=4)
_base_.train_dataloader.dataset.pipeline[2].scales = [(640, 256)]
for loader in (_base_.val_dataloader, _base_.test_dataloader):
    loader.dataset.pipeline[1].scale = (640, 256)
del loader
_base_.custom_hooks.append(dict(type='ProposalQualityHook', interval=10))
