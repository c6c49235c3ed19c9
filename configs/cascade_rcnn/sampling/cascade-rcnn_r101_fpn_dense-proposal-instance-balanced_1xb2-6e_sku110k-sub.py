# Not in the paper: dense sampling + two positives for each object
_base_ = '../cascade-rcnn_r101_fpn_dense-proposal_1xb2-6e_sku110k-sub.py'

sampler = dict(_base_.deltas.instance_balanced, min_pos_per_object=2)
model = dict(train_cfg=dict(rpn=dict(sampler=sampler)))

for stage in _base_.model.train_cfg.rcnn:
    stage.sampler.merge(sampler)
del sampler, stage
