# The model of the CPU study (docs/results/seeds.md): R18 of half width, a
# narrow FPN and narrow heads. What a row changes is not touched: numbers of
# sampled boxes, losses, thresholds.
_base_ = './cascade-rcnn_r101-scratch_fpn.py'

model = dict(
    backbone=dict(
        depth=18,
        stem_channels=32,
        base_channels=32,
        # Batches of four: plain batch statistics.
        norm_cfg=dict(_delete_=True, type='BN'),
    ),
    neck=dict(in_channels=[32, 64, 128, 256], out_channels=32, num_outs=4),
    rpn_head=dict(
        in_channels=32,
        feat_channels=32,
        anchor_generator=dict(strides=[4, 8, 16, 32]),
    ),
    roi_head=dict(
        bbox_roi_extractor=dict(
            out_channels=32, roi_layer=dict(output_size=5, sampling_ratio=2)
        )
    ),
)

for head in _base_.model.roi_head.bbox_head:
    head.in_channels = 32
    head.roi_feat_size = 5
    head.fc_out_channels = 128
del head
