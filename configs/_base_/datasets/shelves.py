# Rendered shelves: tools/dataset_converters/render_shelves.py writes them.
# ---- most often changed ----------------------------------------------------
# SHELVES_ROOT holds train/, val/ and annotations/{train,val}.json (COCO).
data_root = '{{$SHELVES_ROOT:data/shelves/}}'
train_scales = [(1333, short) for short in range(640, 801, 32)]
test_scale = (1333, 800)
# ----------------------------------------------------------------------------

train_pipeline = [
    # The scale is drawn before decoding, so that a JPEG is decoded no larger
    # than it will be. DetAutoAugment's magnitudes are in pixels of the full
    # photo. A broken file is named, counted and passed over.
    dict(
        type='LoadAndResize',
        scales=train_scales,
        auto_augment='v1',
        on_error='skip',
    ),
    # Behind the resize: it gives a mirrored view, which is slow to read.
    dict(type='RandomFlip', prob=0.5),
    # Geometric operations can push an object out of the image.
    dict(type='FilterAnnotations', min_gt_bbox_wh=(1, 1)),
    dict(type='PackDetInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=test_scale, keep_ratio=True),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(
        type='PackDetInputs',
        meta_keys=(
            'img_id',
            'img_path',
            'ori_shape',
            'img_shape',
            'scale_factor',
        ),
    ),
]

train_dataloader = dict(
    batch_size=2,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    batch_sampler=dict(type='AspectRatioBatchSampler'),
    dataset=dict(
        type='DenseCocoDataset',
        data_root=data_root,
        ann_file='annotations/train.json',
        data_prefix=dict(img='train/'),
        filter_cfg=dict(filter_empty_gt=True),
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=2,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='DenseCocoDataset',
        data_root=data_root,
        ann_file='annotations/val.json',
        data_prefix=dict(img='val/'),
        test_mode=True,
        pipeline=test_pipeline,
    ),
)
test_dataloader = val_dataloader

# Every figure at 100 detections per image, as in the paper, and at 300, as in
# the rest of the literature; the cap is in the key.
val_evaluator = dict(
    type='DenseCocoMetric',
    max_dets=(100, 300),
    ann_file=data_root + '/annotations/val.json',
)
test_evaluator = val_evaluator
