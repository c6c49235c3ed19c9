# Not in the paper: baseline on nuclei + three advised anchors
# As tools/analysis_tools/advise_dataset.py finds them at --scale 1333 512
_base_ = './cascade-rcnn_r101-scratch_fpn_1xb2-24e_nuclei.py'

model = dict(
    rpn_head=dict(anchor_generator=dict(scales=[4.0, 5.1, 6.4], ratios=[1.0]))
)
