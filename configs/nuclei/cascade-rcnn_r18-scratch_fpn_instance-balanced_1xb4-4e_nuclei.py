# Row 5 of the CPU study, nuclei: each object gets two positives before any
# gets more, and one even where that takes more than half or a quarter
_base_ = './cascade-rcnn_r18-scratch_fpn_1xb4-4e_nuclei.py'

model = dict(
    train_cfg=dict(
        rpn=dict(
            sampler=dict(
                type='InstanceBalancedSampler', min_pos_per_object=2))))

for stage in _base_.model.train_cfg.rcnn:
    stage.sampler.update(type='InstanceBalancedSampler', min_pos_per_object=2)
del stage
