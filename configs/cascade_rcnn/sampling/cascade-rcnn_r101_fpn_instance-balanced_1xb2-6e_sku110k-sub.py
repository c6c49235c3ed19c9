# Not in the paper: baseline + a positive for each object,
# even beyond pos_fraction * num; in the RPN for up to 256 objects
_base_ = '../cascade-rcnn_r101_fpn_1xb2-6e_sku110k-sub.py'

sampler = _base_.deltas.instance_balanced
model = dict(train_cfg=dict(rpn=dict(sampler=sampler)))

for stage in _base_.model.train_cfg.rcnn:
    stage.sampler.merge(sampler)
del sampler, stage
