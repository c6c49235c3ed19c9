"""Cascade R-CNN R101 on the CPU: a training step and a prediction.

    make parity && python benchmarks/cascade_cpu.py

The row "+ balanced L1" on a full shelf of 800 x 1,088 pixels: a training step
with 576 objects, a prediction with 3,000 proposals. The peer is mmdet with its
own classes and compiled mmcv, in .venv-parity, which `make parity` makes. Each
side runs in a process of its own and has the same numbers, weights and pixels;
changes are added one after the other. The best of a few steps counts, in wall
and in core seconds. `--profile SIDE` prints a side's operators instead.

Weights are random, batch normalization has the image's statistics, and every
score becomes a detection, so that NMS has the most to do.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PARITY = ROOT / '.venv-parity/bin/python'
CONFIG = 'cascade-rcnn_r101_fpn_dense-proposal-balanced-l1_1xb2-6e_sku110k-sub'
SIZE, OBJECTS = (800, 1088), 576
STOCK_TYPES = {
    'DenseMaxIoUAssigner': 'MaxIoUAssigner',
    'DenseBBoxHead': 'Shared2FCBBoxHead',
    'LibraL1Loss': 'BalancedL1Loss',
    'DenseRoIExtractor': 'SingleRoIExtractor',
}
# What each side has, one change after the other.
SIDES = {
    'stock': (),
    'ours': (),
    'extractor': ('extractor',),
    'channels_last': ('extractor', 'channels_last'),
    'bfloat16': ('extractor', 'channels_last', 'bfloat16'),
    'folded': ('extractor', 'channels_last', 'folded'),
    'folded, bfloat16': ('extractor', 'channels_last', 'folded', 'bfloat16'),
    'bfloat16 alone': ('bfloat16',),
}


def model_config(side: str) -> dict:
    """The row's model, for the peer in mmdet's own types."""
    from mmengine.config import Config

    path = ROOT / 'configs/cascade_rcnn' / f'{CONFIG}.py'
    model = Config.fromfile(path).model.to_dict()
    model['backbone']['init_cfg'] = None  # no network
    if side == 'stock':
        replace_types(model, STOCK_TYPES)
    elif 'extractor' not in SIDES[side]:
        replace_types(model, {'DenseRoIExtractor': 'SingleRoIExtractor'})
    return model


def replace_types(node: object, types: dict[str, str]) -> None:
    """Other types in a config, in place."""
    if isinstance(node, dict):
        if node.get('type') in types:
            node['type'] = types[node['type']]
        node = list(node.values())
    for child in node if isinstance(node, (list, tuple)) else ():
        replace_types(child, types)


def build(config: dict, batch: dict, changes: tuple[str, ...]):
    """A model with random weights whose features neither vanish nor grow."""
    import torch
    from mmdet.registry import MODELS
    from mmdet.utils import register_all_modules
    from mmengine.config import ConfigDict
    from torch import nn

    register_all_modules()
    torch.manual_seed(0)
    model = MODELS.build(ConfigDict(config))
    model.init_weights()
    for layer in model.backbone.modules():
        if isinstance(layer, nn.modules.batchnorm._BatchNorm):
            layer.train()
            layer.momentum = 1.0
    with torch.no_grad():
        model.backbone(model.data_preprocessor(batch)['inputs'])
    if 'folded' in changes:
        from mmcv.cnn.utils import fuse_conv_bn

        fuse_conv_bn(model.backbone)
    if 'channels_last' in changes:
        model.to(memory_format=torch.channels_last)
    return model


def make_step(part: str, model, batch: dict, bfloat16: bool) -> Callable:
    """A function that returns the loss, or the number of detections."""
    import torch

    def precision():
        if bfloat16:
            return torch.autocast('cpu', torch.bfloat16)
        return nullcontext()

    def predict() -> int:
        with torch.inference_mode(), precision():
            return len(model.test_step(batch)[0].pred_instances)

    if part == 'predict':
        model.eval()
        return predict
    model.train()
    optimizer = torch.optim.SGD(
        model.parameters(), lr=1e-5, momentum=0.9, weight_decay=1e-4
    )

    def train() -> float:
        torch.manual_seed(0)
        data = model.data_preprocessor(batch, True)
        with precision():
            losses = model(**data, mode='loss')
        loss = model.parse_losses(losses)[0]
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss.item()

    return train


def work(part: str, side: str, repetitions: int, profile: bool) -> None:
    """Print the first result, and the least wall and core time and the peak
    of the others."""
    if side != 'stock':
        import dense_scene  # noqa: F401  registers the classes
    import torch

    from benchmarks.on_gpu.scenes import make_batch

    torch.set_num_threads(int(os.environ['OMP_NUM_THREADS']))
    batch = make_batch(1, OBJECTS, SIZE)
    changes = SIDES[side]
    model = build(json.loads(sys.stdin.read()), batch, changes)
    step = make_step(part, model, batch, 'bfloat16' in changes)
    result = step()
    wall, core = [], []
    for _ in range(repetitions):
        start = time.perf_counter(), time.process_time()
        step()
        wall.append(time.perf_counter() - start[0])
        core.append(time.process_time() - start[1])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if profile:
        with torch.profiler.profile(record_shapes=True) as found:
            step()
        how = dict(sort_by='self_cpu_time_total', row_limit=30)
        print(found.key_averages().table(**how))
        print(found.key_averages(group_by_input_shape=True).table(**how))
    print(json.dumps([min(wall), min(core), peak, result]))


def run(part: str, side: str, args: argparse.Namespace) -> str:
    """What a process of its own printed."""
    python = args.stock_python if side == 'stock' else sys.executable
    module = ['-W', 'ignore', '-m', 'benchmarks.cascade_cpu']
    options = ['--repetitions', str(args.repetitions)]
    options += ['--profile', side] if args.profile else []
    done = subprocess.run(
        [str(python), *module, '--worker', part, side, *options],
        input=json.dumps(model_config(side)),
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={'OMP_WAIT_POLICY': 'PASSIVE', 'OMP_NUM_THREADS': '2'}
        | dict(os.environ),
    )
    if done.returncode:
        raise ChildProcessError(done.stderr[-2000:])
    return done.stdout


def report(part: str, args: argparse.Namespace) -> None:
    """A table of one part, each row as soon as it was measured."""
    print(
        f'\n| {part} | wall s | core s | peak MB | result | times as fast |'
        '\n|---|---|---|---|---|---|'
    )
    first = None
    for side in args.sides:
        if side == 'stock' and not Path(args.stock_python).exists():
            print('| SKIPPED stock: no compiled mmcv. Run `make parity`. |')
            continue
        if part == 'train' and 'folded' in SIDES[side]:
            continue
        wall, core, peak, result = json.loads(
            run(part, side, args).splitlines()[-1]
        )
        first = first or (wall, core)
        print(
            f'| {side} | {wall:.2f} | {core:.2f} | {peak:,.0f} | '
            f'{result:.5g} | {first[0] / wall:.2f}, core '
            f'{first[1] / core:.2f} |',
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--stock-python', default=PARITY)
    parser.add_argument('--sides', nargs='+', default=SIDES, choices=SIDES)
    parser.add_argument('--parts', nargs='+', default=['predict', 'train'])
    parser.add_argument('--repetitions', type=int, default=3)
    parser.add_argument('--profile', choices=SIDES)
    parser.add_argument('--worker', nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        work(*args.worker, args.repetitions, bool(args.profile))
        return
    print(f'load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores')
    for part in args.parts:
        if args.profile:
            print(run(part, args.profile, args))
        else:
            report(part, args)


if __name__ == '__main__':
    main()
