# Not in the paper: Faster R-CNN HRNet on COCO
_base_ = [
    '../_base_/models/faster-rcnn_hrnetv2p-w18.py',
    '../_base_/datasets/coco2017.py',
    'mmdet::_base_/schedules/schedule_1x.py',
    '../_base_/dense_scene_runtime.py',
]
