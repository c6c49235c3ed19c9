# Row 5 of the CPU study, shelves + a positive for each object, even beyond
# pos_fraction * num; in the RPN for up to 256 objects
_base_ = './cascade-rcnn_r18-scratch_fpn_1xb4-3e_shelves.py'

model = dict(
    train_cfg=dict(rpn=dict(sampler=dict(type='InstanceBalancedSampler')))
)

for stage in _base_.model.train_cfg.rcnn:
    stage.sampler.type = 'InstanceBalancedSampler'
del stage
