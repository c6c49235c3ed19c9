# Table 1, dense sampling, from scratch on nuclei (paper, on SKU-110K: 0.407)
_base_ = './cascade-rcnn_r101-scratch_fpn_1xb2-24e_nuclei.py'

model = _base_.deltas.dense_sampling.model

for stage in _base_.model.train_cfg.rcnn:
    stage.sampler.merge(_base_.deltas.dense_sampling.sampler)
del stage
