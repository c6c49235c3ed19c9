# Table 2, Faster R-CNN HRNet, W8 on nuclei (paper, W18: 0.347)
_base_ = [
    '../_base_/models/faster-rcnn_hrnet-w8-scratch.py',
    '../_base_/datasets/nuclei_small.py',
    '../_base_/schedules/adamw-scratch_3e.py',
    '../_base_/dense_scene_runtime.py',
]
