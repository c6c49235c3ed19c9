# Not in the paper: baseline on shelves + three advised anchors
# As tools/analysis_tools/advise_dataset.py finds them at --scale 1333 800
_base_ = './cascade-rcnn_r101-scratch_fpn_1xb2-24e_shelves.py'

model = dict(
    rpn_head=dict(anchor_generator=dict(scales=[5.6, 7.1, 8.9], ratios=[2.0]))
)
