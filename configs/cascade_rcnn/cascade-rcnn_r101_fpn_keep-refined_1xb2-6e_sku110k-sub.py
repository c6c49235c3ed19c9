# Not in the paper: row 5: stages 2 and 3 keep every refined box, as in
# PaddleDetection; num is a number that no image reaches
_base_ = './cascade-rcnn_r101_fpn_1xb2-6e_sku110k-sub.py'

for stage in _base_.model.train_cfg.rcnn[1:]:
    stage.sampler.update(num=100000, pos_fraction=1.0)
del stage
