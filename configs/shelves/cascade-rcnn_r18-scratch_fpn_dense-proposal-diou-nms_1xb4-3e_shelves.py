# Not in the paper: dense sampling, R18 of half width on shelves, + DIoU-NMS
_base_ = './cascade-rcnn_r18-scratch_fpn_dense-proposal_1xb4-3e_shelves.py'

model = dict(test_cfg=dict(rcnn=dict(nms=_base_.deltas.diou_nms)))
