# Not in the paper: baseline on nuclei + every refined box kept in stages 2
# and 3, as in PaddleDetection
_base_ = './cascade-rcnn_r101-scratch_fpn_1xb2-24e_nuclei.py'

for stage in _base_.model.train_cfg.rcnn[1:]:
    stage.sampler.merge(_base_.deltas.keep_refined)
del stage
