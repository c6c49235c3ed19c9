# COCO 2017, 80 classes, as Table 3's models were trained: one scale and flips.
_base_ = './dense_coco.py'
# COCO_ROOT holds train2017/, val2017/ and annotations/instances_*2017.json.
data_root = '{{$COCO_ROOT:data/coco/}}'

train_pipeline = [
    # A broken file is named, counted and passed over.
    dict(type='LoadCheckedImage', on_error='skip'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='Resize', scale=_base_.test_scale, keep_ratio=True),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackDetInputs'),
]

train_dataloader = dict(
    dataset=dict(
        data_root=data_root,
        ann_file='annotations/instances_train2017.json',
        data_prefix=dict(img='train2017/'),
        filter_cfg=dict(min_size=32),
        pipeline=train_pipeline,
    )
)
# What is validated on is what is reported: the last epoch.
val_dataloader = dict(
    dataset=dict(
        data_root=data_root,
        ann_file='annotations/instances_val2017.json',
        data_prefix=dict(img='val2017/'),
    )
)
test_dataloader = val_dataloader
val_evaluator = dict(
    ann_file=data_root + '/annotations/instances_val2017.json'
)
test_evaluator = val_evaluator
