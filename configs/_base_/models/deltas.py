# What rows change, as values of this one name. `part.merge(value)` and not
# `part.update(value)`: it copies, so that three stages do not share one dict.
deltas = dict(
    # On top of the FPN
    bfp=dict(
        type='BFP',
        in_channels=256,
        num_levels=5,
        refine_level=2,
        refine_type='non_local',
    ),
    # Numbers for dense scenes, of the model and of each stage's sampler; the
    # reason of each: docs/paper-notes.md
    dense_sampling=dict(
        model=dict(
            train_cfg=dict(
                rpn=dict(sampler=dict(num=1024)),
                rpn_proposal=dict(nms_pre=3000, max_per_img=3000),
            ),
            test_cfg=dict(rpn=dict(nms_pre=3000, max_per_img=3000)),
        ),
        sampler=dict(num=3072),
    ),
    # Box losses, merged into each head
    balanced_l1=dict(
        loss_bbox=dict(
            _delete_=True,
            type='LibraL1Loss',
            alpha=0.5,
            gamma=1.5,
            beta=1.0,
            loss_weight=1.0,
        )
    ),
    ciou=dict(
        reg_decoded_bbox=True,
        loss_bbox=dict(
            _delete_=True,
            type='CompleteIoULoss',
            alpha_rule='ungated',
            loss_weight=10.0,
        ),
    ),
    # Samplers: a positive for each object, even beyond pos_fraction * num,
    instance_balanced=dict(type='InstanceBalancedSampler'),
    # the same, and negatives by IoU (Libra R-CNN)
    libra_sampling=dict(
        type='CombinedSampler',
        pos_sampler=dict(type='InstanceBalancedSampler'),
        neg_sampler=dict(type='IoUBinNegSampler', num_bins=3),
    ),
    # PaddleDetection keeps every refined box; num is more than an image has.
    keep_refined=dict(num=100000, pos_fraction=1.0),
    # Soft-IoU and EM-Merger (Goldman et al. 2019)
    soft_iou=dict(type='SoftIoUBBoxHead', rank_by='product'),
    em_merger=dict(_delete_=True, type='em_merger'),
    # Two boxes for each proposal, and set NMS (Chu et al. 2020)
    emd=dict(
        model=dict(
            roi_head=dict(type='EMDCascadeRoIHead'),
            test_cfg=dict(
                rcnn=dict(
                    nms=dict(_delete_=True, type='set_nms', iou_threshold=0.5)
                )
            ),
        ),
        head=dict(
            type='EMDBBoxHead',
            loss_cls=dict(reduction='none'),
            loss_bbox=dict(reduction='none'),
        ),
        sampler=dict(type='SecondObjectSampler'),
    ),
    # Other kinds of NMS: model.test_cfg.rcnn.nms. Soft-NMS as in the strong
    # config; DIoU-NMS at the threshold of the NMS that it replaces; Matrix
    # NMS with the kernel that SOLOv2 found best.
    soft_nms=dict(
        _delete_=True, type='soft_nms', iou_threshold=0.5, min_score=0.05
    ),
    diou_nms=dict(_delete_=True, type='diou_nms', iou_threshold=0.5),
    matrix_nms=dict(
        _delete_=True,
        type='matrix_nms',
        kernel='gaussian',
        sigma=2.0,
        post_thr=0.05,
    ),
)
