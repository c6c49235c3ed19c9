# Table 2, Faster R-CNN R50-FPN (paper: 0.332)
_base_ = [
    '../_base_/models/faster-rcnn_r50.py',
    '../_base_/datasets/sku110k-sub_all.py',
    '../_base_/schedules/sgd_6e.py',
    '../_base_/best_on_val_runtime.py',
]

model = _base_.deltas.dense_faster_rcnn
