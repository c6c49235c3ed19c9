"""A real two-stage detector and its runner, small enough for a test."""

from pathlib import Path

from mmdet.registry import MODELS
from mmdet.utils import register_all_modules
from mmengine.config import Config, ConfigDict
from mmengine.runner import Runner
from torch import nn

from dense_scene.testing import tiny_coco

CHANNELS = 8


def model_config(num_stages: int) -> ConfigDict:
    """Cascade R-CNN, or Faster R-CNN for one stage: R18, no weights."""
    name = 'cascade-rcnn' if num_stages > 1 else 'faster-rcnn'
    base = f"_base_ = 'mmdet::_base_/models/{name}_r50_fpn.py'"
    model = Config.fromstring(base, '.py').model
    model.backbone.update(
        depth=18,
        base_channels=16,
        init_cfg=None,
        frozen_stages=-1,
        norm_eval=False,
    )
    model.neck.update(in_channels=[16, 32, 64, 128], out_channels=CHANNELS)
    model.rpn_head.update(in_channels=CHANNELS, feat_channels=CHANNELS)
    model.rpn_head.anchor_generator.scales = [3]
    # Fewer proposals than the samplers may keep, so that negatives are few.
    for proposals in (model.train_cfg.rpn_proposal, model.test_cfg.rpn):
        proposals.update(nms_pre=60, max_per_img=40)

    roi_head, stages = model.roi_head, model.train_cfg.rcnn
    roi_head.bbox_roi_extractor.out_channels = CHANNELS
    if num_stages > 1:
        roi_head.update(
            num_stages=num_stages,
            stage_loss_weights=[1] * num_stages,
            bbox_head=roi_head.bbox_head[:num_stages],
        )
        model.train_cfg.rcnn = stages = stages[:num_stages]
        heads = roi_head.bbox_head
    else:
        heads, stages = [roi_head.bbox_head], [stages]
    for head in heads:
        head.update(in_channels=CHANNELS, fc_out_channels=16, num_classes=1)
    for stage in stages:
        stage.sampler.num = 32
    return model


def build_model(num_stages: int) -> nn.Module:
    """The detector alone."""
    register_all_modules()
    return MODELS.build(model_config(num_stages))


def _loader(folder: Path, pipeline: list) -> dict:
    return dict(
        batch_size=2,
        num_workers=0,
        sampler=dict(type='DefaultSampler', shuffle=False),
        dataset=dict(
            type='CocoDataset',
            ann_file=str(folder / 'annotations.json'),
            data_prefix=dict(img=str(folder / 'images')),
            metainfo=dict(classes=('object',)),
            pipeline=pipeline,
        ),
    )


def build_runner(
    folder: Path, num_stages: int = 3, epochs: int = 1, **config: object
) -> Runner:
    """A runner on two images of six touching objects.

    The images are resized by two factors that differ, so that boxes of the
    wrong frame are found out.
    """
    tiny_coco(folder / 'data')
    load, annotate, pack = (
        dict(type='LoadImageFromFile'),
        dict(type='LoadAnnotations', with_bbox=True),
        dict(
            type='PackDetInputs',
            meta_keys=('img_id', 'ori_shape', 'img_shape', 'scale_factor'),
        ),
    )
    resize = dict(type='Resize', scale=(120, 96), keep_ratio=False)
    test_loader = _loader(folder / 'data', [load, resize, annotate, pack])
    cfg = dict(
        model=model_config(num_stages),
        work_dir=str(folder / 'work'),
        experiment_name=folder.name,
        default_scope='mmdet',
        train_dataloader=_loader(
            folder / 'data', [load, annotate, resize, pack]
        ),
        val_dataloader=test_loader,
        test_dataloader=test_loader,
        train_cfg=dict(type='EpochBasedTrainLoop', max_epochs=epochs),
        val_cfg=dict(),
        test_cfg=dict(),
        val_evaluator=dict(type='ProposalQualityMetric'),
        test_evaluator=dict(type='ProposalQualityMetric'),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.01)),
        default_hooks=dict(checkpoint=None),
        custom_hooks=[dict(type='ProposalQualityHook', interval=1)],
        visualizer=dict(
            type='DetLocalVisualizer',
            vis_backends=[dict(type='LocalVisBackend')],
        ),
        randomness=dict(seed=0),
        log_level='WARNING',
    )
    return Runner.from_cfg(Config({**cfg, **config}))
