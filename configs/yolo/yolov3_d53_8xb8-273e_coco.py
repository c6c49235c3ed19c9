# Table 3, YOLOv3 DarkNet53 (paper: 0.334)
_base_ = [
    '../_base_/models/yolov3_d53.py',
    '../_base_/datasets/coco_yolo.py',
    '../_base_/schedules/yolov3_273e.py',
    '../_base_/dense_scene_runtime.py',
]
