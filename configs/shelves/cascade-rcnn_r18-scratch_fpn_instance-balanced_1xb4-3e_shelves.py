# Row 5 of the CPU study, shelves + two positives for each object before any
# gets a third, and one for each even beyond pos_fraction * num
_base_ = './cascade-rcnn_r18-scratch_fpn_1xb4-3e_shelves.py'

model = dict(
    train_cfg=dict(
        rpn=dict(
            sampler=dict(
                type='InstanceBalancedSampler', min_pos_per_object=2))))

for stage in _base_.model.train_cfg.rcnn:
    stage.sampler.update(type='InstanceBalancedSampler', min_pos_per_object=2)
del stage
