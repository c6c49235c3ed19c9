# COCO for RTMDet: mosaics and MixUp of 640 x 640 pixels. The last 20
# epochs go without them: _base_/rtmdet_runtime.py.
_base_ = './coco2017.py'
test_scale = (640, 640)

train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='CachedMosaic', img_scale=(640, 640), pad_val=114.0),
    dict(
        type='RandomResize',
        scale=(1280, 1280),
        ratio_range=(0.5, 2.0),
        keep_ratio=True,
    ),
    dict(type='RandomCrop', crop_size=(640, 640)),
    dict(type='YOLOXHSVRandomAug'),
    dict(type='RandomFlip', prob=0.5),
    dict(type='Pad', size=(640, 640), pad_val=dict(img=(114, 114, 114))),
    dict(
        type='CachedMixUp',
        img_scale=(640, 640),
        ratio_range=(1.0, 1.0),
        max_cached_images=20,
        pad_val=(114, 114, 114),
    ),
    dict(type='PackDetInputs'),
]
train_dataloader = dict(
    batch_size=32, batch_sampler=None, dataset=dict(pipeline=train_pipeline)
)
for loader in (_base_.val_dataloader, _base_.test_dataloader):
    loader.dataset.pipeline[1].scale = test_scale
del loader
