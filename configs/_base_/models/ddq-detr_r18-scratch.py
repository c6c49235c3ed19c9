# DDQ-DETR for two CPU cores: 64 channels, one encoder and two decoder layers,
# one class. The queries are for nuclei and shelves (up to 375 objects).
_base_ = './ddq-detr_r50.py'

model = dict(
    num_queries=600,
    # The dense branch wants four queries for each object: 1500
    dense_topk_ratio=2.5,
    backbone=_base_.deltas.r18_half,
    neck=dict(
        in_channels=[64, 128, 256],
        out_channels=64,
        norm_cfg=dict(num_groups=8),
    ),
    encoder=dict(
        num_layers=1,
        layer_cfg=dict(
            self_attn_cfg=dict(embed_dims=64),
            ffn_cfg=dict(embed_dims=64, feedforward_channels=128),
        ),
    ),
    decoder=dict(
        num_layers=2,
        layer_cfg=dict(
            self_attn_cfg=dict(embed_dims=64),
            cross_attn_cfg=dict(embed_dims=64),
            ffn_cfg=dict(embed_dims=64, feedforward_channels=128),
        ),
    ),
    positional_encoding=dict(num_feats=32),
    bbox_head=dict(num_classes=1, embed_dims=64),
    dn_cfg=dict(group_cfg=dict(num_dn_queries=400)),
    test_cfg=dict(max_per_img=400),
)
