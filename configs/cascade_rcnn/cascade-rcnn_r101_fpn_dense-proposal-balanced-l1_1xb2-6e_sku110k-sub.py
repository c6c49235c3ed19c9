# Table 1, + balanced L1: dense sampling + balanced L1 loss (paper: 0.413)
_base_ = './cascade-rcnn_r101_fpn_dense-proposal_1xb2-6e_sku110k-sub.py'

for head in _base_.model.roi_head.bbox_head:
    head.merge(_base_.deltas.balanced_l1)
del head
