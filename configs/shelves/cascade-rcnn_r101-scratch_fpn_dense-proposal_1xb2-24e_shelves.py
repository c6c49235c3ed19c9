# Table 1, row 3 (dense sampling), from scratch on shelves
_base_ = './cascade-rcnn_r101-scratch_fpn_1xb2-24e_shelves.py'

model = dict(
    train_cfg=dict(
        rpn=dict(sampler=dict(num=1024)),
        rpn_proposal=dict(nms_pre=3000, max_per_img=3000),
    ),
    test_cfg=dict(rpn=dict(nms_pre=3000, max_per_img=3000)),
)

for stage in _base_.model.train_cfg.rcnn:
    stage.sampler.num = 3072
del stage
