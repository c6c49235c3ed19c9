# Not in the paper: dense sampling + RFLA, receptive fields for the RPN
# arXiv 2208.08738: Faster R-CNN on AI-TOD 0.211, 0.111 by IoU. Anchors are half
# of R101's receptive_fields, for P2 to P6.
_base_ = '../cascade-rcnn_r101_fpn_dense-proposal_1xb2-6e_sku110k-sub.py'

fields = dict(scales=[1], base_sizes=[17.5, 45.5, 405.5, 485.5, 549.5])
assigner = dict(_delete_=True, type='RFLAAssigner')
model = dict(
    rpn_head=dict(anchor_generator=fields),
    train_cfg=dict(rpn=dict(assigner=assigner)),
)
del assigner, fields
