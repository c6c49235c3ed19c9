# Table 2, YOLOv3 DarkNet53, R18 of half width on nuclei (paper, DarkNet53: 0.302)
_base_ = [
    '../_base_/models/yolov3_r18-scratch.py',
    '../_base_/datasets/nuclei_small.py',
    '../_base_/schedules/adamw-scratch_3e.py',
    '../_base_/dense_scene_runtime.py',
]
