# Cascade R-CNN, R101-FPN, one class, ImageNet weights: Table 1, baseline.
_base_ = ['mmdet::_base_/models/cascade-rcnn_r50_fpn.py', './deltas.py']

model = dict(
    # MaxIoUAssigner's result without its matrix of anchors x objects.
    train_cfg=dict(rpn=dict(assigner=dict(type='DenseMaxIoUAssigner'))),
    backbone=dict(
        depth=101, init_cfg=dict(checkpoint='torchvision://resnet101')
    ),
    # SingleRoIExtractor's result with fewer copies of it.
    roi_head=dict(bbox_roi_extractor=dict(type='DenseRoIExtractor')),
    # COCO's 100 would cap recall at 0.67 on SKU-110K, whose images hold 147
    # objects on average and, 99.5% of them, at most 356. AP at 100 detections
    # is not changed by keeping more.
    test_cfg=dict(rcnn=dict(max_per_img=400)),
)

for head in _base_.model.roi_head.bbox_head:
    head.type = 'DenseBBoxHead'  # the stock one that knows more kinds of NMS
    head.num_classes = 1
for stage in _base_.model.train_cfg.rcnn:
    stage.assigner.type = 'DenseMaxIoUAssigner'
del head, stage
