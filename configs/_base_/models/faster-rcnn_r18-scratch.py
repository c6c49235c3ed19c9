# Faster R-CNN for two CPU cores: one class, dense numbers, the widths of
# cascade-rcnn_r18-scratch_fpn.py.
_base_ = './faster-rcnn_r50.py'

_base_.model.merge(_base_.deltas.dense_faster_rcnn)
model = dict(
    backbone=_base_.deltas.r18_half,
    neck=dict(in_channels=[32, 64, 128, 256], out_channels=32, num_outs=4),
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
