# Faster R-CNN R50-FPN as it stands for COCO
_base_ = ['mmdet::_base_/models/faster-rcnn_r50_fpn.py', './systems.py']

# MaxIoUAssigner's result without its matrix of anchors x objects.
model = dict(
    # test_cfg.rcnn.nms.type may be diou_nms or matrix_nms as well.
    roi_head=dict(bbox_head=dict(type='DenseBBoxHead')),
    train_cfg=dict(
        rpn=dict(assigner=dict(type='DenseMaxIoUAssigner')),
        rcnn=dict(assigner=dict(type='DenseMaxIoUAssigner')),
    ),
)
