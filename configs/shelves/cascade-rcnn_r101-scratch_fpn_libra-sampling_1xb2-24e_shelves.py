# Row 5 on shelves + positives by object and negatives by
# IoU (Libra R-CNN) in every stage of the cascade
_base_ = './cascade-rcnn_r101-scratch_fpn_1xb2-24e_shelves.py'

for stage in _base_.model.train_cfg.rcnn:
    stage.sampler.update(
        type='CombinedSampler',
        pos_sampler=dict(type='InstanceBalancedSampler'),
        neg_sampler=dict(type='IoUBinNegSampler', num_bins=3),
    )
del stage
