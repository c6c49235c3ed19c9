# Not in the paper: RTMDet-s on COCO (mmdet: 0.446)
_base_ = [
    '../_base_/models/rtmdet-s.py',
    '../_base_/datasets/coco_rtmdet.py',
    '../_base_/schedules/rtmdet_300e.py',
    '../_base_/rtmdet_runtime.py',
]
