# SENet154's std form for two CPU cores, from scratch: six blocks in eight
# groups, a narrow FPN and narrow heads, as cascade-rcnn_r18-scratch_fpn.py.
_base_ = './faster-rcnn_senet154_fpn.py'

model = dict(
    backbone=dict(
        stage_blocks=(1, 2, 2, 1),
        groups=8,
        base_channels=16,
        stem_channels=32,
        frozen_stages=-1,
        norm_eval=False,
        init_cfg=None,
    ),
    neck=dict(in_channels=[64, 128, 256, 512], out_channels=32, num_outs=4),
    rpn_head=dict(
        in_channels=32,
        feat_channels=32,
        anchor_generator=dict(scales=[4], strides=[4, 8, 16, 32]),
    ),
    roi_head=dict(
        bbox_roi_extractor=dict(
            out_channels=32, roi_layer=dict(output_size=5, sampling_ratio=2)
        ),
        bbox_head=dict(in_channels=32, roi_feat_size=5, fc_out_channels=128),
    ),
)
