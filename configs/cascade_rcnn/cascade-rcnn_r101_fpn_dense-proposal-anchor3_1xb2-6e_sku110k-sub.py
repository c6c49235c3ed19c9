# Not in the paper: row 3 + anchor scale 3 (arXiv 2006.07825: 0.549, 0.522 at 8)
# Theirs: Faster R-CNN R50, 816 x 1088, AP@300 on the validation split
_base_ = './cascade-rcnn_r101_fpn_dense-proposal_1xb2-6e_sku110k-sub.py'

model = dict(rpn_head=dict(anchor_generator=dict(scales=[3])))
