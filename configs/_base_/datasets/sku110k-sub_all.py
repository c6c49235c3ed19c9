# SKU-110K's subset, and AP at 400 too: 99.5% of its images hold at most 356
# objects, so that there no object lies behind the metric's cap.
_base_ = './sku110k-sub.py'

val_evaluator = dict(max_dets=(100, 300, 400))
test_evaluator = val_evaluator
