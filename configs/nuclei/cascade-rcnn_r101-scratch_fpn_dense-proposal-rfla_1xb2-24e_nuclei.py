# Not in the paper: dense sampling, from scratch on nuclei, + RFLA, receptive
# fields for the RPN: half of R101's receptive_fields, for P2 to P6
_base_ = './cascade-rcnn_r101-scratch_fpn_dense-proposal_1xb2-24e_nuclei.py'

fields = dict(scales=[1], base_sizes=[17.5, 45.5, 405.5, 485.5, 549.5])
assigner = dict(_delete_=True, type='RFLAAssigner')
model = dict(
    rpn_head=dict(anchor_generator=fields),
    train_cfg=dict(rpn=dict(assigner=assigner)),
)
del assigner, fields
