# Not in the paper: dense sampling + every refined box kept in stages 2
# and 3, as in PaddleDetection
_base_ = '../cascade-rcnn_r101_fpn_dense-proposal_1xb2-6e_sku110k-sub.py'

for stage in _base_.model.train_cfg.rcnn[1:]:
    stage.sampler.merge(_base_.deltas.keep_refined)
del stage
