# Table 3, FCOS R50-FPN, R18 of half width on shelves (paper, R50 on COCO: 0.396)
_base_ = [
    '../_base_/models/fcos_r18-scratch.py',
    '../_base_/datasets/shelves_small.py',
    '../_base_/schedules/adamw-scratch_3e.py',
    '../_base_/dense_scene_runtime.py',
]
