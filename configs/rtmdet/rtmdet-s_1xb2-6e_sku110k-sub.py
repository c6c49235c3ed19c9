# Not in the paper: RTMDet-s
_base_ = [
    '../_base_/models/rtmdet-s.py',
    '../_base_/datasets/sku110k-sub_all.py',
    '../_base_/schedules/adamw_6e.py',
    '../_base_/best_on_val_runtime.py',
]

model = dict(
    bbox_head=dict(num_classes=1),
    # nms_pre is 30000 already.
    test_cfg=dict(max_per_img=400),
)
