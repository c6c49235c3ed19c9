# Table 1, + CIoU, R18 of half width on shelves (paper, R101: 0.411)
_base_ = './cascade-rcnn_r18-scratch_fpn_dense-proposal_1xb4-3e_shelves.py'

for head in _base_.model.roi_head.bbox_head:
    head.merge(_base_.deltas.ciou)
del head
