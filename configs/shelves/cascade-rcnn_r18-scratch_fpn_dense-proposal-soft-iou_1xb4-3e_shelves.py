# Not in the paper: dense sampling, R18 of half width on shelves, + Soft-IoU and EM-Merger
# Goldman et al. 2019, arXiv 1904.00853: what the paper builds its case on
_base_ = './cascade-rcnn_r18-scratch_fpn_dense-proposal_1xb4-3e_shelves.py'

model = dict(test_cfg=dict(rcnn=dict(nms=_base_.deltas.em_merger)))

for head in _base_.model.roi_head.bbox_head:
    head.merge(_base_.deltas.soft_iou)
del head
