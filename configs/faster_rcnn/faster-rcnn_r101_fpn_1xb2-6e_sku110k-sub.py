# Not in the paper: Faster R-CNN R101-FPN
_base_ = [
    '../_base_/models/faster-rcnn_r101.py',
    '../_base_/datasets/sku110k-sub_all.py',
    '../_base_/schedules/sgd_6e.py',
    '../_base_/best_on_val_runtime.py',
]

model = _base_.deltas.dense_faster_rcnn
