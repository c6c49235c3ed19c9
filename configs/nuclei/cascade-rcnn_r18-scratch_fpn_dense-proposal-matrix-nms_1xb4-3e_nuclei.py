# Not in the paper: dense sampling, R18 of half width on nuclei, + Matrix NMS
_base_ = './cascade-rcnn_r18-scratch_fpn_dense-proposal_1xb4-3e_nuclei.py'

model = dict(test_cfg=dict(rcnn=dict(nms=_base_.deltas.matrix_nms)))
