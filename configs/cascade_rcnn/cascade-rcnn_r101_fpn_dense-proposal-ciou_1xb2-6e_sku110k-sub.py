# Table 1, + CIoU: dense sampling + CIoU loss (paper: 0.411)
_base_ = './cascade-rcnn_r101_fpn_dense-proposal_1xb2-6e_sku110k-sub.py'

for head in _base_.model.roi_head.bbox_head:
    head.merge(_base_.deltas.ciou)
del head
