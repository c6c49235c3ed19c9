# Table 1, BFP + balanced L1, R18 of half width on nuclei (paper, R101: 0.412)
_base_ = './cascade-rcnn_r18-scratch_fpn_dense-proposal-balanced-l1_1xb4-3e_nuclei.py'

# As wide as the small FPN, and on its four levels.
bfp = dict(_base_.deltas.bfp, in_channels=32, num_levels=4)
model = dict(neck=[_base_.model.neck, bfp])
del bfp
