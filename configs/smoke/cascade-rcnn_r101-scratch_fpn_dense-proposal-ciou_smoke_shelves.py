# Smoke of row 1 (CIoU): the real model and chain, 8 small images, 1 epoch
_base_ = '../shelves/cascade-rcnn_r101-scratch_fpn_dense-proposal-ciou_1xb2-24e_shelves.py'

train_cfg = dict(max_epochs=1)
train_dataloader = dict(dataset=dict(indices=8))
default_hooks = dict(logger=dict(interval=1))

_base_.train_dataloader.dataset.pipeline[2].scales = [(256, 256)]
for loader in (_base_.val_dataloader, _base_.test_dataloader):
    loader.dataset.indices = 4
    loader.dataset.pipeline[1].scale = (256, 256)
del loader
