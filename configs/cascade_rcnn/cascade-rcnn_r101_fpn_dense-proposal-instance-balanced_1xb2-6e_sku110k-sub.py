# Not in the paper: row 3 + two positives for each object in RPN and RoI
# stages, even beyond pos_fraction * num
_base_ = './cascade-rcnn_r101_fpn_dense-proposal_1xb2-6e_sku110k-sub.py'

model = dict(
    train_cfg=dict(
        rpn=dict(
            sampler=dict(type='InstanceBalancedSampler', min_pos_per_object=2)
        )
    )
)

for stage in _base_.model.train_cfg.rcnn:
    stage.sampler.update(type='InstanceBalancedSampler', min_pos_per_object=2)
del stage
