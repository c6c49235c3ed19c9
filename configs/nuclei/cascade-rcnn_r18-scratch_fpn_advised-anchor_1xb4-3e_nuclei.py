# Not in the paper: baseline, R18 of half width on nuclei, + three advised anchors
# As tools/analysis_tools/advise_dataset.py finds them at --scale 640 256
_base_ = './cascade-rcnn_r18-scratch_fpn_1xb4-3e_nuclei.py'

model = dict(
    rpn_head=dict(anchor_generator=dict(scales=[2.8, 3.5, 4.5], ratios=[1.0]))
)
