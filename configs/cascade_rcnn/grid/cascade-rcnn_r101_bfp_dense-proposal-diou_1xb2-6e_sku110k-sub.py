# Not in the paper: dense sampling + DIoU loss + BFP
_base_ = './cascade-rcnn_r101_fpn_dense-proposal-diou_1xb2-6e_sku110k-sub.py'

model = dict(neck=[_base_.model.neck, _base_.deltas.bfp])
