"""Assigner and samplers on an image's anchors, beside mmdet's own."""

import copy

import torch
from mmdet.models.task_modules import AnchorGenerator
from mmdet.registry import TASK_UTILS
from mmengine.structures import InstanceData

import dense_scene  # noqa: F401  registers the classes

from .bench import Bench
from .scenes import OBJECTS, SIZE, make_objects

STRIDES = (4, 8, 16, 32, 64)
RPN = dict(pos_iou_thr=0.7, neg_iou_thr=0.3, min_pos_iou=0.3)
ROI = dict(
    pos_iou_thr=0.5, neg_iou_thr=0.5, min_pos_iou=0.5, match_low_quality=False
)
# Ours, mmdet's, and how many of the RPN's samples.
SAMPLERS = (
    ('InstanceBalancedSampler', 'InstanceBalancedPosSampler'),
    ('InstanceBalancedSampler', 'RandomSampler'),
    ('IoUBinNegSampler', 'IoUBalancedNegSampler'),
)


def measure(bench: Bench) -> None:
    """Time and peak memory, by the number of objects."""
    for count in (9,) if bench.dry else OBJECTS:
        with bench.row(f'assigner, {count} objects'):
            assign(bench, count)
    for count in (9,) if bench.dry else OBJECTS[:2]:
        with bench.row(f'samplers, {count} objects'):
            sample(bench, count)


def image_of(bench: Bench, count: int) -> tuple:
    """The anchors of a 1333 x 800 image, and a full shelf."""
    height, width = (96, 128) if bench.dry else SIZE
    generator = AnchorGenerator(
        strides=STRIDES, ratios=[0.5, 1.0, 2.0], scales=[8]
    )
    maps = [(-(-height // s), -(-width // s)) for s in STRIDES]
    anchors = generator.grid_priors(maps, device=bench.device)
    boxes = make_objects(count, (height, width)).to(bench.device)
    labels = torch.zeros(count, dtype=torch.long, device=bench.device)
    return (
        InstanceData(priors=torch.cat(anchors)),
        InstanceData(bboxes=boxes, labels=labels),
    )


def assign(bench: Bench, count: int) -> None:
    """The RPN's anchors; stock keeps a matrix of anchors x objects."""
    image = image_of(bench, count)
    ours, stock = (
        TASK_UTILS.build(dict(type=kind, **RPN))
        for kind in ('DenseMaxIoUAssigner', 'MaxIoUAssigner')
    )
    memory = dict(
        ours_MiB=bench.peak(lambda: ours.assign(*image)),
        peer_MiB=bench.peak(lambda: stock.assign(*image)),
    )
    bench.compare(
        f'assigner, {len(image[0])} anchors, {count} objects',
        lambda: ours.assign(*image),
        lambda: stock.assign(*image),
        same_assignment,
        peer_is='mmdet.MaxIoUAssigner',
        **memory,
    )


def same_assignment(ours, stock) -> bool:
    """In every bit."""
    return all(
        torch.equal(getattr(ours, name), getattr(stock, name))
        for name in ('gt_inds', 'max_overlaps', 'labels')
    )


def sample(bench: Bench, count: int) -> None:
    """Of an RPN with the smallest batch that has positives for all."""
    image = image_of(bench, count)
    assigner = TASK_UTILS.build(dict(type='DenseMaxIoUAssigner', **RPN))
    assigned = assigner.assign(*image)
    for ours, stock in SAMPLERS:
        steps = []
        for kind in (ours, stock):
            sampler = TASK_UTILS.build(
                dict(
                    type=kind,
                    num=256 if count < 256 else 1024,
                    pos_fraction=0.5,
                    add_gt_as_proposals=False,
                )
            )
            steps.append(
                lambda s=sampler: s.sample(copy.copy(assigned), *image)
            )
        name = f'{ours}, {len(image[0])} anchors, {count} objects'
        bench.compare(name, *steps, peer_is=f'mmdet.{stock}')
