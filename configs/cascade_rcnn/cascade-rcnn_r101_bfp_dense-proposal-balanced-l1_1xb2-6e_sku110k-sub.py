# Table 1, row 4: row 2 with BFP on the FPN (paper: 0.412)
_base_ = (
    './cascade-rcnn_r101_fpn_dense-proposal-balanced-l1_1xb2-6e_sku110k-sub.py'
)

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
