# Not in the paper: dense sampling, R18 of half width on nuclei, + RFLA, receptive
# fields for the RPN: half of R18's receptive_fields, for P2 to P5
_base_ = './cascade-rcnn_r18-scratch_fpn_dense-proposal_1xb4-3e_nuclei.py'

fields = dict(scales=[1], base_sizes=[21.5, 49.5, 105.5, 217.5])
assigner = dict(_delete_=True, type='RFLAAssigner')
model = dict(
    rpn_head=dict(anchor_generator=fields),
    train_cfg=dict(rpn=dict(assigner=assigner)),
)
del assigner, fields
