"""Size of every system, and time and memory of its small variant.

    python benchmarks/systems.py [--times | --attention]

Prints the tables of docs/results/systems.md. Parameters and multiply-adds are
counted, by torch's FlopCounterMode on the meta device, which computes nothing;
only DDQ-DETR, whose queries depend on values, runs once. A two-stage detector
is counted with its 1,000 proposals. With --times each small variant trains and
predicts in a process of its own, one thread; on a machine whose load average
is above 0.5 times are left out, memory is not. --attention trains DDQ-DETR
with mmdet's attention and with ours in turns, and counts core time.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import torch
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData

import dense_scene  # noqa: F401
from dense_scene.ablation.speed.measure_speed import count_gmacs
from dense_scene.testing import touching_row

CONFIGS = Path(__file__).parents[1] / 'configs'
# Rows of COCO, and the size of image that its test scale makes of 4:3
LARGE = {
    'Faster R-CNN R50-FPN': 'faster_rcnn/faster-rcnn_r50_fpn_8xb2-12e_coco',
    'Faster R-CNN R101-FPN': 'faster_rcnn/faster-rcnn_r101_fpn_8xb2-12e_coco',
    'Faster R-CNN HRNet-W18': 'faster_rcnn/faster-rcnn_hrnetv2p-w18_8xb2-'
    '12e_coco',
    'Cascade R-CNN R50-FPN': 'cascade_rcnn/cascade-rcnn_r50_fpn_8xb2-12e_coco',
    'Cascade R-CNN R101-FPN + balanced L1': 'cascade_rcnn/cascade-rcnn_r101_'
    'fpn_balanced-l1_8xb2-24e_coco',
    'RetinaNet R101-FPN': 'retinanet/retinanet_r101_fpn_8xb2-12e_coco',
    'FCOS R50-FPN': 'fcos/fcos_r50_fpn_8xb2-12e_coco',
    'YOLOv3 DarkNet53': 'yolo/yolov3_d53_8xb8-273e_coco',
    'PP-YOLO R50vd-dcn': 'ppyolo/ppyolo_r50vd-dcn_8xb24-811e_coco',
    'RTMDet-s': 'rtmdet/rtmdet-s_8xb32-300e_coco',
    'DDQ-DETR R50': 'ddq/ddq-detr_r50_8xb2-12e_coco',
}
SMALL = {
    'Faster R-CNN R18': 'faster_rcnn/faster-rcnn_r18-scratch_fpn_1xb4-3e_'
    'shelves',
    'Faster R-CNN HRNet-W8': 'faster_rcnn/faster-rcnn_hrnet-w8-scratch_1xb4-'
    '3e_shelves',
    'Faster R-CNN SENet154-W8': 'faster_rcnn/faster-rcnn_senet154-w8-scratch_'
    '1xb4-3e_shelves',
    'Cascade R-CNN R18 + balanced L1': 'shelves/cascade-rcnn_r18-scratch_fpn_'
    'dense-proposal-balanced-l1_1xb4-3e_shelves',
    'RetinaNet R18': 'retinanet/retinanet_r18-scratch_fpn_1xb4-3e_shelves',
    'FCOS R18': 'fcos/fcos_r18-scratch_fpn_1xb4-3e_shelves',
    'YOLOv3 R18': 'yolo/yolov3_r18-scratch_1xb4-3e_shelves',
    'PP-YOLO, a quarter': 'ppyolo/ppyolo_r50vd-dcn-scratch_1xb4-3e_shelves',
    'RTMDet-xs': 'rtmdet/rtmdet-xs-scratch_1xb4-3e_shelves',
    'DDQ-DETR R18': 'ddq/ddq-detr_r18-scratch_1xb4-3e_shelves',
}


def load(name: str) -> Config:
    """A config by its path without suffix."""
    return Config.fromfile(CONFIGS / f'{name}.py')


def count(name: str, size: tuple[int, int]) -> tuple[float, float]:
    """Millions of parameters and billions of multiply-adds of one image."""
    config = load(name).model
    config.backbone.init_cfg = None
    device = 'cpu' if 'num_queries' in config else 'meta'
    with torch.device(device):
        model = MODELS.build(config).eval()
        image = torch.zeros(1, 3, *size)
    gmacs = count_gmacs(lambda: run_layers(model, config, image, size))
    parameters = sum(p.numel() for p in model.parameters())
    return parameters / 1e6, gmacs


def run_layers(model, config, image, size) -> None:
    """Everything with weights that one image passes in testing."""
    if 'num_queries' in config:
        meta = dict(img_shape=size, batch_input_shape=size, ori_shape=size)
        model(image, [DetDataSample(metainfo=meta)], mode='tensor')
        return
    features = model.extract_feat(image)
    if 'roi_head' not in config:
        model.bbox_head(features)
        return
    model.rpn_head(features)
    heads = model.roi_head.bbox_head
    cascade = isinstance(heads, torch.nn.ModuleList)
    for head in heads if cascade else [heads]:
        rois = image.new_zeros(
            config.test_cfg.rpn.max_per_img,
            head.in_channels,
            *head.roi_feat_size,
        )
        head(rois)


def scene(count: int = 150) -> tuple[torch.Tensor, DetDataSample]:
    """512 x 512 pixels with rows of touching objects."""
    size = (512, 512)
    sample = DetDataSample(
        metainfo=dict(
            img_id=0, img_shape=size, ori_shape=size, scale_factor=(1.0, 1.0)
        )
    )
    rows = [touching_row(15, (30, 45), (20, 20 + 48 * r)) for r in range(10)]
    sample.gt_instances = InstanceData(
        bboxes=torch.cat(rows)[:count],
        labels=torch.zeros(count, dtype=torch.long),
    )
    image = torch.randint(0, 256, (3, *size), dtype=torch.uint8)
    return image, sample


def measure(name: str, kind: str | None, iterations: int = 5) -> None:
    """Print seconds of an iteration, peak MB, seconds of a prediction.

    With the ``kind`` of a detector in place of the config's, core seconds.
    """
    torch.set_num_threads(1)
    torch.manual_seed(0)
    cfg = load(name)
    cfg.model.type = kind or cfg.model.type
    clock = time.process_time if kind else time.perf_counter
    model = MODELS.build(cfg.model)
    model.init_weights()
    model.train()
    optimizer = build_optim_wrapper(model, cfg.optim_wrapper)
    seconds = []
    for _ in range(iterations):
        images, samples = zip(*(scene() for _ in range(4)))
        data = dict(inputs=list(images), data_samples=list(samples))
        start = clock()
        model.train_step(data, optimizer)
        seconds.append(clock() - start)
    # Not ru_maxrss: a child starts with that of the process which forked it.
    status = Path('/proc/self/status').read_text()
    peak = int(re.search(r'VmHWM:\s+(\d+)', status)[1]) / 2**10
    model.eval()
    predictions = []
    for _ in range(iterations):
        image, sample = scene()
        start = clock()
        model.test_step(dict(inputs=[image], data_samples=[sample]))
        predictions.append(clock() - start)
    result = sorted(seconds)[iterations // 2], peak
    print(json.dumps([*result, sorted(predictions)[iterations // 2]]))


def measured(name: str, kind: str = '') -> list[float]:
    """What :func:`measure` prints, in a process of its own."""
    output = subprocess.run(
        [sys.executable, __file__, '--measure', name, '--kind', kind],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return json.loads(output.splitlines()[-1])


def compare_attention(rounds: int = 3) -> None:
    """DDQ-DETR with mmdet's attention and with ours, in turns."""
    print('| round | detector | core s an iteration | MB | core s an image |')
    print('|---|---|---|---|---|')
    for number in range(rounds):
        for kind in ('DDQDETR', 'FusedDDQDETR'):
            step, peak, prediction = measured(SMALL['DDQ-DETR R18'], kind)
            cells = f'{step:.2f} | {peak:.0f} | {prediction:.2f}'
            print(f'| {number} | {kind} | {cells} |', flush=True)


def cells_of(name: str, quiet: bool) -> list[str]:
    """Of the table of small variants."""
    step, peak, prediction = measured(name)
    if not quiet:
        return ['not run', f'{peak:.0f}', 'not run']
    return [f'{step:.2f}', f'{peak:.0f}', f'{1 / prediction:.1f}']


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--times', action='store_true')
    parser.add_argument('--attention', action='store_true')
    parser.add_argument('--measure', help=argparse.SUPPRESS)
    parser.add_argument('--kind', help=argparse.SUPPRESS)
    args = parser.parse_args()
    init_default_scope('mmdet')
    if args.measure:
        measure(args.measure, args.kind)
        return
    if args.attention:
        compare_attention()
        return
    load_average = os.getloadavg()[0]
    print(f'load average {load_average:.2f}\n')
    print('| system | parameters, M | GMACs, 1333 x 800 | at its own scale |')
    print('|---|---|---|---|')
    for row, name in LARGE.items():
        parameters, large = count(name, (800, 1344))
        width, height = load(name).test_dataloader.dataset.pipeline[1].scale
        own = '–'
        if width == height:
            own = f'{count(name, (height, width))[1]:.1f}, {width} x {height}'
        cells = f'{parameters:.2f} | {large:.1f} | {own}'
        print(f'| [{row}](../../configs/{name}.py) | {cells} |', flush=True)
    print('\n| small | parameters, M | GMACs, 512 x 512 | s | MB | FPS |')
    print('|---|---|---|---|---|---|')
    for row, name in SMALL.items():
        parameters, macs = count(name, (512, 512))
        cells = ['not run'] * 3
        if args.times:
            cells = cells_of(name, quiet=load_average <= 0.5)
        cells = [f'{parameters:.2f}', f'{macs:.2f}', *cells]
        print(
            f'| [{row}](../../configs/{name}.py) | {" | ".join(cells)} |',
            flush=True,
        )


if __name__ == '__main__':
    main()
