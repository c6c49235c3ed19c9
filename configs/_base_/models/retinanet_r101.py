# RetinaNet R101-FPN as it stands for COCO
_base_ = ['mmdet::_base_/models/retinanet_r50_fpn.py', './systems.py']

model = dict(
    backbone=dict(
        depth=101, init_cfg=dict(checkpoint='torchvision://resnet101')
    ),
    # PaddleDetection's box loss: sigma 3.0151
    bbox_head=dict(loss_bbox=dict(type='SmoothL1Loss', beta=0.11)),
    # MaxIoUAssigner's result without its matrix of anchors x objects.
    train_cfg=dict(assigner=dict(type='DenseMaxIoUAssigner')),
)
