# Row 5 of the CPU study + three anchors that nuclei ask for
# As tools/analysis_tools/advise_dataset.py finds them at --scale 640 256.
_base_ = './cascade-rcnn_r18-scratch_fpn_1xb4-3e_nuclei.py'

model = dict(
    rpn_head=dict(anchor_generator=dict(scales=[2.8, 3.5, 4.5], ratios=[1.0]))
)
