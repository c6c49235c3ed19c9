# Table 2, Faster R-CNN HRNet (paper: 0.347)
_base_ = [
    '../_base_/models/faster-rcnn_hrnetv2p-w18.py',
    '../_base_/datasets/sku110k-sub_all.py',
    '../_base_/schedules/sgd_6e.py',
    '../_base_/best_on_val_runtime.py',
]

model = _base_.deltas.dense_faster_rcnn
