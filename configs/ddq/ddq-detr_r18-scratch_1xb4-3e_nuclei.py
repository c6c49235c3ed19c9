# Not in the paper: DDQ-DETR, R18 of half width on nuclei
_base_ = [
    '../_base_/models/ddq-detr_r18-scratch.py',
    '../_base_/datasets/nuclei_small.py',
    '../_base_/schedules/adamw-scratch_3e.py',
    '../_base_/dense_scene_runtime.py',
]
