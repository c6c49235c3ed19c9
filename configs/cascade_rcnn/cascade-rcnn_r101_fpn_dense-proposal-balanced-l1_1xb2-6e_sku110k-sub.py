# Table 1, row 2: row 3 + balanced L1 loss (paper: 0.413)
_base_ = './cascade-rcnn_r101_fpn_dense-proposal_1xb2-6e_sku110k-sub.py'

for head in _base_.model.roi_head.bbox_head:
    head.loss_bbox = dict(
        type='LibraL1Loss', alpha=0.5, gamma=1.5, beta=1.0, loss_weight=1.0
    )
del head
