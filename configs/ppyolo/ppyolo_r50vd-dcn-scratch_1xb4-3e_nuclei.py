# Table 2, PP-YOLO, R50vd of quarter width on nuclei (paper, R50vd: 0.362)
_base_ = [
    '../_base_/models/ppyolo_r50vd-dcn-scratch.py',
    '../_base_/datasets/nuclei_small.py',
    '../_base_/schedules/adamw-scratch_3e.py',
    '../_base_/dense_scene_runtime.py',
]

_base_.custom_hooks.append(_base_.deltas.pop('ema'))
