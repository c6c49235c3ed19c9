# Table 2, RetinaNet R101-FPN, R18 of half width on shelves (paper, R101: 0.373)
_base_ = [
    '../_base_/models/retinanet_r18-scratch.py',
    '../_base_/datasets/shelves_small.py',
    '../_base_/schedules/adamw-scratch_3e.py',
    '../_base_/dense_scene_runtime.py',
]
