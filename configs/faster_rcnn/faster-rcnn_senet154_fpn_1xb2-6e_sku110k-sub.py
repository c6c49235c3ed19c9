# Table 2, Faster R-CNN SENet154-FPN (paper: 0.384)
_base_ = [
    '../_base_/models/faster-rcnn_senet154_fpn.py',
    '../_base_/datasets/sku110k-sub_all.py',
    '../_base_/schedules/sgd_6e.py',
    '../_base_/best_on_val_runtime.py',
]
