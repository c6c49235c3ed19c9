# Table 2, Faster R-CNN SENet154-FPN, W8 of six blocks on nuclei (paper, W64: 0.384)
_base_ = [
    '../_base_/models/faster-rcnn_senet154-scratch_fpn.py',
    '../_base_/datasets/nuclei_small.py',
    '../_base_/schedules/adamw-scratch_3e.py',
    '../_base_/dense_scene_runtime.py',
]
