# The same model for training without ImageNet weights. Batches of two are
# too small for batch statistics, so the backbone is normalized by groups
# (Rethinking ImageNet Pre-training, arXiv 1811.08883).
_base_ = './cascade-rcnn_r101_fpn.py'

model = dict(
    backbone=dict(
        init_cfg=None,
        frozen_stages=-1,
        norm_eval=False,
        norm_cfg=dict(_delete_=True, type='GN', num_groups=32),
    ),
    # The rendered products and the nuclei are mostly 16-64 pixels wide at
    # the training scale; scale 8 starts at 32.
    rpn_head=dict(anchor_generator=dict(scales=[4])),
)
