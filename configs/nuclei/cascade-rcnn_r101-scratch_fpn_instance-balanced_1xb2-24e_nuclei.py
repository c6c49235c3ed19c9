# Not in the paper: baseline on nuclei + a positive for each object, even beyond
# pos_fraction * num; in the RPN for up to 512 objects
_base_ = './cascade-rcnn_r101-scratch_fpn_1xb2-24e_nuclei.py'

sampler = _base_.deltas.instance_balanced
# Images hold up to 375 nuclei, the baseline samples 256.
model = dict(train_cfg=dict(rpn=dict(sampler=dict(sampler, num=512))))

for stage in _base_.model.train_cfg.rcnn:
    stage.sampler.merge(sampler)
del sampler, stage
