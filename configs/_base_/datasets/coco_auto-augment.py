# COCO with the paper's AutoAugment and multi-scale training.
_base_ = './coco2017.py'

train_pipeline = [
    dict(
        type='LoadAndResize',
        scales=_base_.train_scales,
        auto_augment='v1',
        on_error='skip',
    ),
    dict(type='RandomFlip', prob=0.5),
    dict(type='FilterAnnotations', min_gt_bbox_wh=(1, 1)),
    dict(type='PackDetInputs'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
