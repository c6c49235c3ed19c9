# Table 1, row 2 (balanced L1), from scratch on shelves
_base_ = './cascade-rcnn_r101-scratch_fpn_dense-proposal_1xb2-24e_shelves.py'

for head in _base_.model.roi_head.bbox_head:
    head.loss_bbox = dict(
        type='LibraL1Loss', alpha=0.5, gamma=1.5, beta=1.0, loss_weight=1.0
    )
del head
