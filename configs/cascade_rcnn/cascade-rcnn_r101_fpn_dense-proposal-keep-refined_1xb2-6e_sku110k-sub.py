# Not in the paper: row 3 + every refined box kept in stages 2 and 3,
# as in PaddleDetection; num is more than any image has
_base_ = './cascade-rcnn_r101_fpn_dense-proposal_1xb2-6e_sku110k-sub.py'

for stage in _base_.model.train_cfg.rcnn[1:]:
    stage.sampler.update(num=100000, pos_fraction=1.0)
del stage
