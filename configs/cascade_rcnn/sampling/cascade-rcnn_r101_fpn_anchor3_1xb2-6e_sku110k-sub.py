# Not in the paper: baseline + anchor scale 3
# arXiv 2006.07825: 0.549, 0.522 at 8; Faster R-CNN R50, 816 x 1088, AP@300 on val
_base_ = '../cascade-rcnn_r101_fpn_1xb2-6e_sku110k-sub.py'

model = dict(rpn_head=dict(anchor_generator=dict(scales=[3])))
