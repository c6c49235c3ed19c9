# Faster R-CNN R50-FPN as it stands for COCO
_base_ = ['mmdet::_base_/models/faster-rcnn_r50_fpn.py', './systems.py']

# MaxIoUAssigner's result without its matrix of anchors x objects.
model = dict(
    train_cfg=dict(
        rpn=dict(assigner=dict(type='DenseMaxIoUAssigner')),
        rcnn=dict(assigner=dict(type='DenseMaxIoUAssigner')),
    )
)
