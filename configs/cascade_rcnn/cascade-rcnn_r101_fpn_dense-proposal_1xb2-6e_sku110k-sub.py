# Table 1, dense sampling: sample numbers for dense scenes (paper: 0.407)
_base_ = './cascade-rcnn_r101_fpn_1xb2-6e_sku110k-sub.py'

model = _base_.deltas.dense_sampling.model

for stage in _base_.model.train_cfg.rcnn:
    stage.sampler.merge(_base_.deltas.dense_sampling.sampler)
del stage
