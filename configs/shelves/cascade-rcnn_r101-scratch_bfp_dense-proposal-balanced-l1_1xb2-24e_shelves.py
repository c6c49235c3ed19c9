# Table 1, row 4 (BFP + balanced L1), from scratch on shelves
_base_ = './cascade-rcnn_r101-scratch_fpn_dense-proposal-balanced-l1_1xb2-24e_shelves.py'

model = dict(
    neck=[
        _base_.model.neck,
        dict(
            type='BFP',
            in_channels=256,
            num_levels=5,
            refine_level=2,
            refine_type='non_local',
        ),
    ]
)
