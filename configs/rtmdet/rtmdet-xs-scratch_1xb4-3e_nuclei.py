# Not in the paper: RTMDet of half RTMDet-s's width on nuclei
_base_ = [
    '../_base_/models/rtmdet-xs-scratch.py',
    '../_base_/datasets/nuclei_small.py',
    '../_base_/schedules/adamw-scratch_3e.py',
    '../_base_/dense_scene_runtime.py',
]
