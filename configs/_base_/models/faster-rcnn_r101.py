# Faster R-CNN R101-FPN as it stands for COCO
_base_ = './faster-rcnn_r50.py'

model = dict(
    backbone=dict(
        depth=101, init_cfg=dict(checkpoint='torchvision://resnet101')
    )
)
