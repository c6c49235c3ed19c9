# Nuclei of the 2018 Data Science Bowl (CC0): a small, real, dense scene.
_base_ = './dense_coco.py'
# ---- most often changed ----------------------------------------------------
# NUCLEI_ROOT holds images/, train.json and val.json (COCO).
data_root = '{{$NUCLEI_ROOT:data/nuclei/}}'
train_scales = [(1333, short) for short in range(416, 609, 32)]
test_scale = (1333, 512)
# ----------------------------------------------------------------------------

train_pipeline = [
    # A broken file is named, counted and passed over.
    dict(type='LoadCheckedImage', on_error='skip'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='RandomChoiceResize', scales=train_scales, keep_ratio=True),
    dict(type='RandomFlip', prob=0.5),
    # Geometric operations can push an object out of the image.
    dict(type='FilterAnnotations', min_gt_bbox_wh=(1, 1)),
    dict(type='PackDetInputs'),
]
test_pipeline = _base_.test_pipeline
test_pipeline[1].scale = test_scale

train_dataloader = dict(
    dataset=dict(
        data_root=data_root,
        ann_file='train.json',
        data_prefix=dict(img='images/'),
        pipeline=train_pipeline,
    )
)
# There is no third split: what is validated on is what is reported.
val_dataloader = dict(
    dataset=dict(
        data_root=data_root,
        ann_file='val.json',
        data_prefix=dict(img='images/'),
        pipeline=test_pipeline,
    )
)
test_dataloader = val_dataloader
val_evaluator = dict(ann_file=data_root + '/val.json')
test_evaluator = val_evaluator
