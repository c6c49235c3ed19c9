# Table 1, baseline: Cascade R-CNN R101-FPN (paper: 0.400)
_base_ = [
    '../_base_/models/cascade-rcnn_r101_fpn.py',
    '../_base_/datasets/sku110k-sub.py',
    '../_base_/schedules/sgd_6e.py',
    '../_base_/best_on_val_runtime.py',
]
