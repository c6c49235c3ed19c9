# Not in the paper: dense sampling + GIoU loss
_base_ = '../cascade-rcnn_r101_fpn_dense-proposal_1xb2-6e_sku110k-sub.py'

for head in _base_.model.roi_head.bbox_head:
    head.reg_decoded_bbox = True
    head.loss_bbox = dict(type='GIoULoss', loss_weight=10.0)
del head
