# Row 5 on nuclei + every refined box kept in stages 2 and 3,
# as in PaddleDetection; num is more than any image has
_base_ = './cascade-rcnn_r101-scratch_fpn_1xb2-24e_nuclei.py'

for stage in _base_.model.train_cfg.rcnn[1:]:
    stage.sampler.update(num=100000, pos_fraction=1.0)
del stage
