# Table 1, + CIoU, from scratch on nuclei (paper, on SKU-110K: 0.411)
_base_ = './cascade-rcnn_r101-scratch_fpn_dense-proposal_1xb2-24e_nuclei.py'

for head in _base_.model.roi_head.bbox_head:
    head.merge(_base_.deltas.ciou)
del head
