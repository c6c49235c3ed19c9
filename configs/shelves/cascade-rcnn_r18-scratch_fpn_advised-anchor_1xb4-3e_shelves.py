# Not in the paper: baseline, R18 of half width on shelves, + three advised anchors
# As tools/analysis_tools/advise_dataset.py finds them at --scale 512 512
_base_ = './cascade-rcnn_r18-scratch_fpn_1xb4-3e_shelves.py'

model = dict(
    rpn_head=dict(anchor_generator=dict(scales=[4.4, 5.5, 6.9], ratios=[2.0]))
)
