# Not in the paper: baseline on nuclei + positives by object and negatives by IoU
# (Libra R-CNN) in every stage of the cascade
_base_ = './cascade-rcnn_r101-scratch_fpn_1xb2-24e_nuclei.py'

for stage in _base_.model.train_cfg.rcnn:
    stage.sampler.merge(_base_.deltas.libra_sampling)
del stage
