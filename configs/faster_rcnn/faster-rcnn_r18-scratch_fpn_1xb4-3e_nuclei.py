# Table 2, Faster R-CNN R50-FPN, R18 of half width on nuclei (paper, R50: 0.332)
_base_ = [
    '../_base_/models/faster-rcnn_r18-scratch.py',
    '../_base_/datasets/nuclei_small.py',
    '../_base_/schedules/adamw-scratch_3e.py',
    '../_base_/dense_scene_runtime.py',
]
