"""portable_ops against compiled mmcv, on the CPU, from one run.

    python benchmarks/mmcv_ops.py

(Not named portable_ops.py: Python puts a script's folder first on its path, so
that every script here would import that file instead of the package.)

Each side runs in an interpreter of its own, through the same public calls of
mmcv.ops: ours in this one (mmcv-lite and portable_ops), compiled mmcv in
.venv-parity, which `make parity` makes. The sides take turns and the best
time counts, because other programs on the machine can only add to it.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PARITY = ROOT / '.venv-parity/bin/python'
# 1,000 RoIs of 32 to 256 pixels on the stride-4 level of an 800 x 1,344 image.
NUM_ROIS, CHANNELS, MAP_SIZE, STRIDE = 1000, 256, (200, 336), 4


def make_rois():
    import torch

    generator = torch.Generator().manual_seed(0)
    limit = torch.tensor([MAP_SIZE[1] * STRIDE, MAP_SIZE[0] * STRIDE])
    center = torch.rand(NUM_ROIS, 2, generator=generator) * limit
    half = 16 + 112 * torch.rand(NUM_ROIS, 2, generator=generator)
    low = (center - half).clamp(min=0)
    high = torch.minimum(center + half, limit)
    return torch.cat([torch.zeros(NUM_ROIS, 1), low, high], 1)


def roi_align_step(sampling_ratio: int) -> Callable[[], None]:
    import torch
    from mmcv.ops import roi_align

    maps = torch.randn(1, CHANNELS, *MAP_SIZE, requires_grad=True)
    rois = make_rois()
    grad = torch.randn(NUM_ROIS, CHANNELS, 7, 7)

    def step() -> None:
        output = roi_align(
            maps, rois, (7, 7), 1 / STRIDE, sampling_ratio, 'avg', True
        )
        torch.autograd.grad(output, maps, grad)

    return step


def proposals(objects: int, num: int):
    """Boxes around some objects, and scores; equally many is a random scene.
    They are as close together as 2,000 in 1,000 x 1,000 pixels."""
    import torch

    generator = torch.Generator().manual_seed(0)
    which = torch.randint(0, objects, (num,), generator=generator)
    span = 1000 * (num / 2000) ** 0.5
    center = torch.rand(objects, 2, generator=generator)[which] * span
    size = 20 + 40 * torch.rand(objects, 2, generator=generator)[which]
    noise = torch.randn(num, 4, generator=generator) / 10
    center = center + noise[:, :2] * size
    half = size * noise[:, 2:].exp() / 2
    boxes = torch.cat([center - half, center + half], 1)
    return boxes, torch.rand(num, generator=generator)


def nms_step(objects: int, num: int = 2000) -> Callable[[], None]:
    from mmcv.ops import nms

    boxes, scores = proposals(objects, num)
    return lambda: nms(boxes, scores, 0.7)


def soft_nms_step(method: str, objects: int, num: int) -> Callable[[], None]:
    """At the settings of the configs: IoU 0.5, scores above 0.05."""
    from mmcv.ops import soft_nms

    boxes, scores = proposals(objects, num)
    return lambda: soft_nms(boxes, scores, 0.5, 0.5, 0.05, method)


def deform_conv_step(modulated: bool) -> Callable[[], None]:
    """A 3 x 3 layer, 64 channels, two images of 50 x 84: DCNv2 or DCNv1."""
    import torch
    from mmcv.ops import deform_conv2d, modulated_deform_conv2d

    maps, offset = torch.randn(2, 64, 50, 84), torch.randn(2, 18, 50, 84)
    weight, mask = torch.randn(64, 64, 3, 3), torch.rand(2, 9, 50, 84)
    leaves = (
        [maps, offset, mask, weight] if modulated else [maps, offset, weight]
    )
    leaves = [leaf.requires_grad_() for leaf in leaves]
    grad = torch.randn(2, 64, 50, 84)

    def step() -> None:
        if modulated:
            output = modulated_deform_conv2d(*leaves, None, 1, 1, 1, 1, 1)
        else:
            output = deform_conv2d(*leaves, 1, 1, 1)
        torch.autograd.grad(output, leaves, grad)

    return step


def attention_step() -> Callable[[], None]:
    """Deformable DETR's decoder: 900 queries on four levels. Compiled mmcv
    has no CPU code; its PyTorch formula, which it runs there, is the peer."""
    import mmcv._ext
    import torch
    from mmcv.ops import multi_scale_deform_attn as module

    sizes = ((100, 167), (50, 84), (25, 42), (13, 21))
    shapes = torch.tensor(sizes)
    areas = shapes.prod(1)
    starts = areas.cumsum(0) - areas
    leaves = [
        torch.randn(1, int(areas.sum()), 8, 32),
        torch.rand(1, 900, 8, 4, 4, 2),
        torch.rand(1, 900, 8, 4, 4),
    ]
    leaves = [leaf.requires_grad_() for leaf in leaves]
    grad = torch.randn(1, 900, 256)

    def step() -> None:
        value, where, weights = leaves
        if mmcv._ext.__file__.endswith('.py'):
            function = module.MultiScaleDeformableAttnFunction
            output = function.apply(value, shapes, starts, where, weights, 64)
        else:
            output = module.multi_scale_deformable_attn_pytorch(
                value, shapes, where, weights
            )
        torch.autograd.grad(output, leaves, grad)

    return step


def rotated_boxes():
    import torch

    boxes, scores = proposals(100, 500)
    low, high = boxes[:, :2], boxes[:, 2:]
    angle = torch.linspace(-1.5, 1.5, len(boxes))[:, None]
    return torch.cat([(low + high) / 2, high - low, angle], 1), scores


def rotated_nms_step() -> Callable[[], None]:
    from mmcv.ops import nms_rotated

    boxes, scores = rotated_boxes()
    return lambda: nms_rotated(boxes, scores, 0.5)


def rotated_iou_step() -> Callable[[], None]:
    from mmcv.ops import box_iou_rotated

    boxes, _ = rotated_boxes()
    return lambda: box_iou_rotated(boxes, boxes[:100])


def match_step() -> Callable[[], None]:
    import torch
    from mmcv.ops import nms_match

    boxes, scores = proposals(140, 1000)
    dets = torch.cat([boxes, scores[:, None]], 1)
    return lambda: nms_match(dets, 0.5)


def overlaps_step() -> Callable[[], None]:
    from mmcv.ops import bbox_overlaps

    boxes, _ = proposals(300, 2000)
    return lambda: bbox_overlaps(boxes, boxes[:300])


def train_step() -> Callable[[], None]:
    """Forward and backward of the small Cascade R-CNN of `make demo`, with
    mmdet's 512 RoIs per image, on 4 images of 150 objects."""
    import torch
    from mmdet.registry import MODELS
    from mmdet.structures import DetDataSample
    from mmdet.utils import register_all_modules
    from mmengine.structures import InstanceData

    register_all_modules()
    torch.manual_seed(0)
    model = MODELS.build(small_cascade()).train()
    images = torch.randn(4, 3, 256, 256)
    samples = []
    for _ in range(len(images)):
        corner = torch.rand(150, 2) * 220
        boxes = torch.cat([corner, corner + 8 + 24 * torch.rand(150, 2)], 1)
        sample = DetDataSample(
            metainfo=dict(
                img_shape=(256, 256), pad_shape=(256, 256), scale_factor=(1, 1)
            )
        )
        sample.gt_instances = InstanceData(
            bboxes=boxes, labels=torch.zeros(150, dtype=torch.long)
        )
        samples.append(sample)

    def step() -> None:
        losses = model.loss(images, samples)
        parts = [v for name, v in losses.items() if 'loss' in name]
        flat = [p for v in parts for p in (v if type(v) is list else [v])]
        sum(part.sum() for part in flat).backward()

    return step


def small_cascade() -> dict:
    """R18 of half width, FPN of 64 channels, sampling_ratio 2."""
    import mmdet
    from mmengine.config import Config

    base = '.mim/configs/_base_/models/cascade-rcnn_r50_fpn.py'
    model = Config.fromfile(Path(mmdet.__file__).parent / base).model
    model.backbone.update(depth=18, stem_channels=32, base_channels=32)
    model.backbone.update(init_cfg=None, frozen_stages=-1)
    model.neck.in_channels = [32, 64, 128, 256]
    model.neck.update(out_channels=64, num_outs=4)
    model.rpn_head.update(in_channels=64, feat_channels=64)
    model.rpn_head.anchor_generator.update(scales=[4], strides=[4, 8, 16, 32])
    model.train_cfg.rpn_proposal.update(nms_pre=500, max_per_img=1000)
    extractor = model.roi_head.bbox_roi_extractor
    extractor.update(out_channels=64)
    extractor.roi_layer.update(sampling_ratio=2)
    for head in model.roi_head.bbox_head:
        head.update(in_channels=64, fc_out_channels=256, num_classes=1)
    return model


# Compiled for CUDA alone: nothing to compare with here.
CUDA_ONLY = (
    'sigmoid_focal_loss',
    'carafe',
    'carafe_naive',
    'roi_pool',
    'masked_im2col',
    'masked_col2im',
    'sync_bn_*',
)
# Name, what makes the step, its repetitions, and the ratio to reach.
CASES = {
    'RoIAlign fwd+bwd, sampling_ratio 2': (lambda: roi_align_step(2), 3, 6),
    'RoIAlign fwd+bwd, sampling_ratio 0': (lambda: roi_align_step(0), 3, 4),
    'nms, 2000 boxes, 300 objects': (lambda: nms_step(300), 50, 1 / 1.5),
    'nms, 2000 boxes, 2000 objects': (lambda: nms_step(2000), 50, 1 / 1.5),
    'nms, 10000 boxes, 10000 objects': (
        lambda: nms_step(10_000, 10_000),
        10,
        1 / 1.5,
    ),
    **{
        f'soft-NMS, {method}, {num} boxes, {objects} objects': (
            lambda m=method, o=objects, n=num: soft_nms_step(m, o, n),
            20,
            1 / 1.2,
        )
        for method in ('linear', 'gaussian')
        for num, objects in ((100, 15), (500, 70), (2000, 300))
    },
    'modulated deform_conv fwd+bwd': (
        partial(deform_conv_step, True),
        3,
        1 / 2,
    ),
    'deform_conv fwd+bwd': (partial(deform_conv_step, False), 3, 1 / 2),
    'ms_deform_attn fwd+bwd': (attention_step, 5, 1 / 1.2),
    'nms_match, 1000 boxes': (match_step, 5, 1 / 2),
    'bbox_overlaps, 2000 x 300': (overlaps_step, 20, 1 / 2),
    'box_iou_rotated, 500 x 100': (rotated_iou_step, 5, 1 / 2),
    'nms_rotated, 500 boxes': (rotated_nms_step, 5, 1 / 2),
    'Cascade R-CNN training step': (train_step, 3, 2),
}


def measure(case: str, what: str) -> float:
    """Best time of a step in ms, or the memory it needs at its peak in MB."""
    make_step, repetitions, _ = CASES[case]
    if what == 'memory':
        import mmcv.ops  # noqa: F401  its own size is not to be counted

        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        make_step()()
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return (after - before) / 1024
    step = make_step()
    step()
    times = []
    for _ in range(repetitions):
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    return min(times) * 1e3


def run_side(python: str, case: str, what: str) -> float:
    # As a module: as a script this file would hide the package it measures.
    module = ['-W', 'ignore', '-m', 'benchmarks.mmcv_ops']
    command = [python, *module, '--worker', case, what]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if result.returncode:
        raise RuntimeError(f'{" ".join(command)} failed:\n{result.stderr}')
    return json.loads(result.stdout.splitlines()[-1])


def compare(case: str, what: str, rounds: int) -> tuple[float, float]:
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(run_side(sys.executable, case, what))
        theirs.append(run_side(str(PARITY), case, what))
    return min(ours), min(theirs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--only', default='', help="part of a case's name")
    parser.add_argument('--worker', nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        print(json.dumps(measure(*args.worker)))
        return
    if not PARITY.exists():
        print('SKIPPED: compiled mmcv is not there. Run `make parity`.')
        return
    print(f'{"":46}{"ours":>9}{"mmcv":>9}{"times as fast":>15}{"target":>8}')
    for case, (_, _, target) in CASES.items():
        if args.only not in case:
            continue
        ours, theirs = compare(case, 'time', args.rounds)
        print(
            f'{case:46}{ours:6.1f} ms{theirs:6.1f} ms'
            f'{theirs / ours:15.2f}{target:8.2f}',
            flush=True,
        )
    print(f'\n{"peak memory":46}{"ours":>9}{"mmcv":>9}{"ratio":>15}{"<=":>7}')
    for case in list(CASES)[:2]:
        if args.only not in case:
            continue
        ours, theirs = compare(case, 'memory', 1)
        print(
            f'{case:46}{ours:6.0f} MB{theirs:6.0f} MB'
            f'{ours / theirs:15.2f}{1.5:7.2f}',
            flush=True,
        )
    print(f'\nCompiled mmcv has on CUDA only: {", ".join(CUDA_ONLY)}.')


if __name__ == '__main__':
    main()
