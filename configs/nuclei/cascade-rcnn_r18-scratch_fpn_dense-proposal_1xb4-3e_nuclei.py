# Table 1, dense sampling, R18 of half width on nuclei (paper, R101: 0.407)
_base_ = './cascade-rcnn_r18-scratch_fpn_1xb4-3e_nuclei.py'

model = _base_.deltas.dense_sampling.model

for stage in _base_.model.train_cfg.rcnn:
    stage.sampler.merge(_base_.deltas.dense_sampling.sampler)
del stage
