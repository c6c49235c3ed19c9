# Table 1, row 1 (CIoU), from scratch on nuclei
_base_ = './cascade-rcnn_r101-scratch_fpn_dense-proposal_1xb2-24e_nuclei.py'

for head in _base_.model.roi_head.bbox_head:
    head.reg_decoded_bbox = True
    head.loss_bbox = dict(
        type='CompleteIoULoss', alpha_rule='ungated', loss_weight=10.0
    )
del head
