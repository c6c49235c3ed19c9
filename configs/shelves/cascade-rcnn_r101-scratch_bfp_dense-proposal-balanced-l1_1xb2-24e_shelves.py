# Table 1, BFP + balanced L1, from scratch on shelves (paper, on SKU-110K: 0.412)
_base_ = './cascade-rcnn_r101-scratch_fpn_dense-proposal-balanced-l1_1xb2-24e_shelves.py'

model = dict(neck=[_base_.model.neck, _base_.deltas.bfp])
