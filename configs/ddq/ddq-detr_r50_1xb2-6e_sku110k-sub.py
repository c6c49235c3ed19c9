# Not in the paper: DDQ-DETR R50
_base_ = [
    '../_base_/models/ddq-detr_r50.py',
    '../_base_/datasets/sku110k-sub_all.py',
    '../_base_/schedules/adamw_6e.py',
    '../_base_/best_on_val_runtime.py',
]

model = dict(
    # 1800 dense queries, of which each of 356 objects wants four
    num_queries=1200,
    bbox_head=dict(num_classes=1),
    dn_cfg=dict(group_cfg=dict(num_dn_queries=400)),
    test_cfg=dict(max_per_img=400),
)
optim_wrapper = dict(
    clip_grad=dict(max_norm=0.1),
    paramwise_cfg=dict(custom_keys={'backbone': dict(lr_mult=0.1)}),
)
