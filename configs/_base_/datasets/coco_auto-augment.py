# COCO with the paper's AutoAugment and multi-scale training.
_base_ = './coco2017.py'

train_pipeline = [
    dict(
        type='LoadImageForScale', scales=_base_.train_scales, on_error='skip'
    ),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='DetAutoAugment', policy='v1'),
    dict(type='ResizeToDrawnScale'),
    dict(type='RandomFlip', prob=0.5),
    dict(type='FilterAnnotations', min_gt_bbox_wh=(1, 1)),
    dict(type='PackDetInputs'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
