# Not in the paper: baseline, R18 of half width on shelves, + a positive for each
# object, even beyond pos_fraction * num; in the RPN for up to 256 objects
_base_ = './cascade-rcnn_r18-scratch_fpn_1xb4-3e_shelves.py'

sampler = _base_.deltas.instance_balanced
model = dict(train_cfg=dict(rpn=dict(sampler=sampler)))

for stage in _base_.model.train_cfg.rcnn:
    stage.sampler.merge(sampler)
del sampler, stage
