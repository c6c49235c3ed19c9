# Table 1, baseline, R18 of half width on nuclei (paper, R101: 0.400)
_base_ = [
    '../_base_/models/cascade-rcnn_r18-scratch_fpn.py',
    '../_base_/datasets/nuclei_small.py',
    '../_base_/schedules/adamw-scratch_3e.py',
    '../_base_/dense_scene_runtime.py',
]

_base_.custom_hooks.append(dict(type='ProposalQualityHook', interval=10))
