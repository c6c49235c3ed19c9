# Table 1, baseline, from scratch on nuclei (paper, on SKU-110K: 0.400)
_base_ = [
    '../_base_/models/cascade-rcnn_r101-scratch_fpn.py',
    '../_base_/datasets/nuclei.py',
    '../_base_/schedules/adamw-scratch_24e.py',
    '../_base_/dense_scene_runtime.py',
]
