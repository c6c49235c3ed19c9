# What the systems of Tables 2 and 3 change, beside the Cascade's deltas.
_base_ = './deltas.py'

deltas = dict(
    # One class and numbers for dense scenes, each with its reason in
    # docs/paper-notes.md: Faster R-CNN as the Cascade's dense sampling,
    dense_faster_rcnn=dict(
        roi_head=dict(bbox_head=dict(num_classes=1)),
        train_cfg=dict(
            rpn=dict(sampler=dict(num=1024)),
            rpn_proposal=dict(nms_pre=3000, max_per_img=3000),
            rcnn=dict(sampler=dict(num=3072)),
        ),
        test_cfg=dict(
            rpn=dict(nms_pre=3000, max_per_img=3000),
            rcnn=dict(max_per_img=400),
        ),
    ),
    # and detectors without proposals.
    dense_one_stage=dict(
        bbox_head=dict(num_classes=1),
        test_cfg=dict(nms_pre=3000, max_per_img=400),
    ),
    # The backbone of the small models: R18 of half width from scratch, with
    # batch statistics, since batches hold four images.
    r18_half=dict(
        depth=18,
        stem_channels=32,
        base_channels=32,
        frozen_stages=-1,
        norm_eval=False,
        norm_cfg=dict(type='BN', requires_grad=True),
        init_cfg=None,
    ),
)
