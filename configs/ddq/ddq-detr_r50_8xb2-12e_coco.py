# Not in the paper: DDQ-DETR R50 on COCO (mmdet: 0.512)
_base_ = [
    '../_base_/models/ddq-detr_r50.py',
    '../_base_/datasets/coco_ddq.py',
    '../_base_/schedules/ddq_12e.py',
    '../_base_/dense_scene_runtime.py',
]
