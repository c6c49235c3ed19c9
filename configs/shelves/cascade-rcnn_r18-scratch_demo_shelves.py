# `make demo`: + balanced L1, small enough to learn shelves on two CPU cores
_base_ = [
    '../_base_/models/cascade-rcnn_r18-scratch_fpn.py',
    '../_base_/datasets/shelves.py',
    '../_base_/schedules/adamw-scratch_3e.py',
    '../_base_/dense_scene_runtime.py',
]

# Twice as wide behind the backbone as in the CPU study
model = dict(
    neck=dict(out_channels=64),
    rpn_head=dict(in_channels=64, feat_channels=64),
    roi_head=dict(
        bbox_roi_extractor=dict(out_channels=64, roi_layer=dict(output_size=7))
    ),
    # Numbers for 20 to 60 objects
    train_cfg=dict(rpn_proposal=dict(nms_pre=500, max_per_img=300)),
    test_cfg=dict(rpn=dict(nms_pre=500, max_per_img=300)),
)
for head in _base_.model.roi_head.bbox_head:
    head.update(in_channels=64, roi_feat_size=7, fc_out_channels=256)
    head.merge(_base_.deltas.balanced_l1)
for stage in _base_.model.train_cfg.rcnn:
    stage.sampler.num = 256

train_cfg = dict(max_epochs=5, val_interval=5)
_base_.param_scheduler[0].end = 30

train_dataloader = dict(batch_size=4)
_base_.train_dataloader.dataset.pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackDetInputs'),
]
for loader in (_base_.val_dataloader, _base_.test_dataloader):
    loader.dataset.pipeline[1].scale = (320, 320)
default_hooks = dict(logger=dict(interval=20))
del head, stage, loader
