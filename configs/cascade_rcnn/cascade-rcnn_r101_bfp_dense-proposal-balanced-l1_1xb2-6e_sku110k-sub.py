# Table 1, BFP + balanced L1: + balanced L1 with BFP on the FPN (paper: 0.412)
_base_ = (
    './cascade-rcnn_r101_fpn_dense-proposal-balanced-l1_1xb2-6e_sku110k-sub.py'
)

model = dict(neck=[_base_.model.neck, _base_.deltas.bfp])
