# Not in the paper: dense sampling + soft-NMS
_base_ = '../cascade-rcnn_r101_fpn_dense-proposal_1xb2-6e_sku110k-sub.py'

model = dict(test_cfg=dict(rcnn=dict(nms=_base_.deltas.soft_nms)))
