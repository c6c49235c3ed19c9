# Table 1, + balanced L1, R18 of half width on nuclei (paper, R101: 0.413)
_base_ = './cascade-rcnn_r18-scratch_fpn_dense-proposal_1xb4-3e_nuclei.py'

for head in _base_.model.roi_head.bbox_head:
    head.merge(_base_.deltas.balanced_l1)
del head
