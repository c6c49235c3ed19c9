# COCO for YOLOv3: expanded, cropped and recolored; 320 to 608 pixels.
# PaddleDetection adds MixUp, which the paper's table does not name.
_base_ = './coco2017.py'
test_scale = (608, 608)

train_pipeline = [
    dict(type='LoadCheckedImage', on_error='skip'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='Expand', mean=[0, 0, 0], to_rgb=True, ratio_range=(1, 2)),
    dict(
        type='MinIoURandomCrop',
        min_ious=(0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
        min_crop_size=0.3,
    ),
    dict(type='RandomResize', scale=[(320, 320), (608, 608)], keep_ratio=True),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PhotoMetricDistortion'),
    dict(type='PackDetInputs'),
]
train_dataloader = dict(batch_size=8, dataset=dict(pipeline=train_pipeline))
for loader in (_base_.val_dataloader, _base_.test_dataloader):
    loader.dataset.pipeline[1].scale = test_scale
del loader
