# Smoke of + balanced L1: the real model and chain, 8 small images, few boxes
_base_ = '../shelves/cascade-rcnn_r101-scratch_fpn_dense-proposal-balanced-l1_1xb2-24e_shelves.py'

model = dict(test_cfg=dict(rpn=dict(max_per_img=100)))
train_cfg = dict(max_epochs=1)
train_dataloader = dict(dataset=dict(indices=8))
default_hooks = dict(logger=dict(interval=1))

# Two FC layers on 6,144 boxes are 0.5 TFLOP per stage and step.
for stage in _base_.model.train_cfg.rcnn:
    stage.sampler.num = 64
_base_.train_dataloader.dataset.pipeline[0].scales = [(192, 192)]
for loader in (_base_.val_dataloader, _base_.test_dataloader):
    loader.dataset.indices = 4
    loader.dataset.pipeline[1].scale = (192, 192)
del loader, stage
