# PP-YOLO R50vd-dcn (arXiv 2007.12099), ImageNet weights, 80 classes.
model = dict(
    type='YOLOV3',
    data_preprocessor=dict(
        type='DetDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
        pad_size_divisor=32,
        # Another square for each batch
        batch_augments=[
            dict(
                type='BatchSyncRandomResize',
                random_size_range=(320, 608),
                interval=1,
            )
        ],
    ),
    backbone=dict(
        type='ResNetV1d',
        depth=50,
        out_indices=(1, 2, 3),
        frozen_stages=-1,
        norm_cfg=dict(type='BN', requires_grad=True),
        norm_eval=False,
        style='pytorch',
        dcn=dict(type='DCNv2', deform_groups=1, fallback_on_stride=False),
        stage_with_dcn=(False, False, False, True),
        # The original starts from weights of PaddlePaddle's own (SSLD).
        init_cfg=dict(
            type='Pretrained',
            checkpoint='https://download.openmmlab.com/mmclassification/v0/'
            'resnet/resnetv1d50_b32x8_imagenet_20210531-db14775a.pth',
            prefix='backbone',
        ),
    ),
    neck=dict(
        type='PPYOLONeck',
        in_channels=[2048, 1024, 512],
        out_channels=[512, 256, 128],
        coord_conv=True,
        spp=True,
        drop_block=dict(drop_prob=0.1, block_size=3, warmup_iters=0),
    ),
    bbox_head=dict(
        type='IoUAwareYOLOHead',
        num_classes=80,
        in_channels=[512, 256, 128],
        out_channels=[1024, 512, 256],
        conv_cfg=dict(type='CoordConv'),
        anchor_generator=dict(
            type='YOLOAnchorGenerator',
            base_sizes=[
                [(116, 90), (156, 198), (373, 326)],
                [(30, 61), (62, 45), (59, 119)],
                [(10, 13), (16, 30), (33, 23)],
            ],
            strides=[32, 16, 8],
        ),
        bbox_coder=dict(type='GridSensitiveCoder', scale_x_y=1.05),
        featmap_strides=[32, 16, 8],
        ignore_iou_thr=0.7,
        iou_factor=0.4,
    ),
    test_cfg=dict(
        score_thr=0.01,
        # PaddleDetection has no nms_pre and keeps 100.
        nms_pre=3000,
        nms=dict(type='matrix_nms', kernel='linear', post_thr=0.01),
        max_per_img=400,
    ),
)

# What the children put in their places.
deltas = dict(
    # 0.9998 as decay; less in the first iterations: 1 - 9 / (9 + iteration)
    ema=dict(
        type='EMAHook',
        ema_type='MomentumAnnealingEMA',
        momentum=0.0002,
        gamma=9,
    ),
    # SGD's other numbers are the schedule's. The losses are sums over
    # objects, 147 of them where COCO has 7: without a limit they diverge.
    optim_wrapper=dict(
        optimizer=dict(weight_decay=0.0005),
        paramwise_cfg=dict(norm_decay_mult=0),
        clip_grad=dict(max_norm=35, norm_type=2),
    ),
    # Of each of two images ...
    load=[
        dict(type='LoadCheckedImage', on_error='skip'),
        dict(type='LoadAnnotations', with_bbox=True),
    ],
    # ... and of their mixture
    mixed=dict(
        _delete_=True,
        type='MultiImageMixDataset',
        pipeline=[
            dict(type='BetaMixUp', alpha=1.5, beta=1.5),
            dict(
                type='KeepBoxScores',
                transforms=[
                    dict(type='PhotoMetricDistortion'),
                    dict(
                        type='Expand',
                        mean=[123.675, 116.28, 103.53],
                        to_rgb=True,
                        ratio_range=(1, 2),
                        prob=0.5,
                    ),
                    dict(
                        type='MinIoURandomCrop',
                        min_ious=(0.1, 0.3, 0.5, 0.7, 0.9),
                        min_crop_size=0.3,
                    ),
                    dict(type='Resize', scale=(608, 608), keep_ratio=False),
                    dict(type='RandomFlip', prob=0.5),
                    dict(
                        type='FilterAnnotations',
                        min_gt_bbox_wh=(1, 1),
                        keep_empty=False,
                    ),
                ],
            ),
            dict(type='PackScoredInputs'),
        ],
    ),
    test_resize=dict(scale=(608, 608), keep_ratio=False),
)
