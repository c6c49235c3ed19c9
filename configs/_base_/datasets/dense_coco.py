# What the data sets share. A child sets data_root and files and, where they
# differ, scales and pipelines.
# ---- most often changed ----------------------------------------------------
train_scales = [(1333, short) for short in range(640, 801, 32)]
test_scale = (1333, 800)
# ----------------------------------------------------------------------------

# Photos of many megapixels. For small images see nuclei.py.
train_pipeline = [
    # A broken file is named, counted and passed over. The scale is drawn
    # before decoding, so that a JPEG is decoded no larger than it will be.
    # The augmentation's magnitudes are in pixels of the full photo.
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
        type='DenseCocoDataset', test_mode=True, pipeline=test_pipeline
    ),
)
test_dataloader = val_dataloader

# Every figure at 100 detections per image, as in the paper, and at 300, as in
# the rest of the literature; the cap is in the key. And how well the
# detections count the objects (count_MAE_at0.5 and so on).
val_evaluator = dict(type='DenseCocoMetric', max_dets=(100, 300), count=True)
test_evaluator = val_evaluator
