# Row 5 on nuclei + a positive for each object, even beyond
# pos_fraction * num; in the RPN for up to 512 objects
_base_ = './cascade-rcnn_r101-scratch_fpn_1xb2-24e_nuclei.py'

model = dict(
    train_cfg=dict(
        rpn=dict(
            # Images hold up to 375 nuclei, row 5 samples 256.
            sampler=dict(type='InstanceBalancedSampler', num=512)
        )
    )
)

for stage in _base_.model.train_cfg.rcnn:
    stage.sampler.type = 'InstanceBalancedSampler'
del stage
