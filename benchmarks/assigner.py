"""DenseMaxIoUAssigner against mmdet's MaxIoUAssigner, on the CPU, in one run.

    python benchmarks/assigner.py

Claims, at the 267,069 RPN anchors of a 1333 x 800 image: 147 objects >= 8x and
576 objects >= 25x faster, extra peak memory <= 1/20, and 5,000 objects in less
than 1 GB, equal ones that hold every anchor among them: the worst case, where
all pairs overlap and tie. Both sides run in this process, in turns, on the
same boxes and threads, and must give the same result. Wall time and time of
the cores, the best of all rounds: other programs can only add to it. Memory is
the rise of the peak in a process of its own (Linux).
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import torch
from mmdet.models.task_modules.assigners import MaxIoUAssigner
from mmdet.models.task_modules.prior_generators import AnchorGenerator
from mmengine.structures import InstanceData
from torch import Tensor

from dense_scene.models.assigners.dense_max_iou_assigner import (
    DenseMaxIoUAssigner,
)

WIDTH, HEIGHT = 1333, 800
STRIDES = (4, 8, 16, 32, 64)
RPN = dict(pos_iou_thr=0.7, neg_iou_thr=0.3, min_pos_iou=0.3)
ROI = dict(
    pos_iou_thr=0.5, neg_iou_thr=0.5, min_pos_iou=0.5, match_low_quality=False
)
SIDES = dict(ours=DenseMaxIoUAssigner, mmdet=MaxIoUAssigner)
# Objects, the ratio of times to reach, and whether the stock class runs.
CASES = ((147, 8, True), (576, 25, True), (5000, None, False))


def make_anchors(scale: int) -> Tensor:
    generator = AnchorGenerator(
        strides=STRIDES, ratios=[0.5, 1.0, 2.0], scales=[scale]
    )
    sizes = [(-(-HEIGHT // s), -(-WIDTH // s)) for s in STRIDES]
    return torch.cat(generator.grid_priors(sizes, device='cpu'))


def make_objects(num: int) -> Tensor:
    """A full shelf: rows of touching upright products."""
    rng = torch.Generator().manual_seed(0)
    columns = int((1.6 * num * WIDTH / HEIGHT) ** 0.5) + 1
    cell = torch.tensor([WIDTH / columns, HEIGHT / -(-num // columns)])
    index = torch.arange(num)
    low = torch.stack([index % columns, index // columns], 1) * cell
    low = low + 0.1 * cell * torch.rand(num, 2, generator=rng)
    size = cell * (0.8 + 0.2 * torch.rand(num, 2, generator=rng))
    return torch.cat([low, low + size], 1)


def make_proposals(num: int, objects: Tensor) -> Tensor:
    """Boxes like those of a trained RPN: around the objects."""
    rng = torch.Generator().manual_seed(1)
    chosen = objects[torch.randint(0, len(objects), (num,), generator=rng)]
    size = (chosen[:, 2:] - chosen[:, :2]).repeat(1, 2)
    return chosen + 0.2 * size * torch.randn(num, 4, generator=rng)


def make_step(side: str, priors: Tensor, objects: Tensor, rule: dict):
    assigner = SIDES[side](**rule)
    labels = torch.zeros(len(objects), dtype=torch.long)
    image = (
        InstanceData(priors=priors),
        InstanceData(bboxes=objects, labels=labels),
    )
    return lambda: assigner.assign(*image)


def make_step_of_worker(side: str, anchors: Tensor, num: int):
    """Of which the memory is measured."""
    if side != 'worst':
        return make_step(side, anchors, make_objects(num), RPN)
    reach = 1000  # beyond the largest anchors
    around = torch.tensor([[-reach, -reach, WIDTH + reach, HEIGHT + reach]])
    objects = around.float().repeat(num, 1)
    return make_step('ours', anchors, objects, {**RPN, 'min_pos_iou': 0.0})


def measure(steps: dict, rounds: int) -> dict[str, tuple[float, float]]:
    """Best wall and core time of each side in ms; the results are equal."""
    times = {side: [] for side in steps}
    for _ in range(rounds):
        results = []
        for side, step in steps.items():
            # Ours is short, so that one of several is free of others' work.
            for _ in range(1 if side == 'mmdet' else 5):
                start = time.perf_counter(), time.process_time()
                result = step()
                end = time.perf_counter(), time.process_time()
                times[side].append([b - a for a, b in zip(start, end)])
            results.append(result)
        for other in results[1:]:
            assert torch.equal(results[0].gt_inds, other.gt_inds)
            assert torch.equal(results[0].max_overlaps, other.max_overlaps)
    return {
        side: tuple(1e3 * min(column) for column in zip(*found))
        for side, found in times.items()
    }


def peak_rise(step) -> float:
    """By how many MB the step raises the resident memory of this process."""

    def memory(name: str) -> int:
        status = Path('/proc/self/status').read_text()
        return int(status.split(f'{name}:')[1].split()[0])

    Path('/proc/self/clear_refs').write_text('5')  # forgets the peak
    before = memory('VmRSS')
    step()
    return (memory('VmHWM') - before) / 1024


def peak_in_process(side: str, num: int, scale: int) -> float:
    """The same in an interpreter that did nothing else."""
    command = [sys.executable, __file__, '--scale', str(scale)]
    result = subprocess.run(
        [*command, '--worker', side, str(num)], capture_output=True, text=True
    )
    if result.returncode:
        raise RuntimeError(f'{" ".join(command)} failed:\n{result.stderr}')
    return json.loads(result.stdout.splitlines()[-1])


def report(name: str, times: dict, target: float | None) -> None:
    wall, core = times['ours']
    line = f'{name:34}{wall:9.1f} ({core:7.1f})'
    if 'mmdet' in times:
        stock_wall, stock_core = times['mmdet']
        line += f'{stock_wall:11.1f} ({stock_core:8.1f})'
        line += f'{stock_wall / wall:9.1f}x ({stock_core / core:5.1f}x)'
        line += f'{target or "-":>8}'
    print(line, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--scale', type=int, default=8, help='of the anchors')
    parser.add_argument('--worker', nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    anchors = make_anchors(args.scale)
    if args.worker:
        side, num = args.worker
        # A small step first: code that is loaded at first use is not counted.
        make_step_of_worker(side, anchors[:99], 9)()
        step = make_step_of_worker(side, anchors, int(num))
        print(json.dumps(peak_rise(step)))
        return
    print(
        f'{len(anchors):,} anchors, scale {args.scale}, '
        f'{torch.get_num_threads()} threads\n'
        f'{"ms, wall (of the cores)":34}{"ours":>18}{"mmdet":>21}'
        f'{"times as fast":>19}{"target":>8}'
    )
    for num, target, with_stock in CASES:
        steps = {
            side: make_step(side, anchors, make_objects(num), RPN)
            for side in SIDES
            if side == 'ours' or with_stock
        }
        report(f'RPN, {num} objects', measure(steps, args.rounds), target)
    for num in (147, 576):
        objects = make_objects(num)
        proposals = make_proposals(2000, objects)
        steps = {s: make_step(s, proposals, objects, ROI) for s in SIDES}
        times = measure(steps, 4 * args.rounds)
        report(f'RoI head, 2,000 boxes, {num} objects', times, None)
    print(f'\n{"extra peak memory":34}{"ours":>9}{"mmdet":>11}{"ratio":>10}')
    for num, _, with_stock in CASES:
        ours = peak_in_process('ours', num, args.scale)
        line = f'{f"RPN, {num} objects":34}{ours:6.0f} MB'
        if with_stock:
            stock = peak_in_process('mmdet', num, args.scale)
            line += f'{stock:8.0f} MB{f"1/{stock / ours:.0f}":>10}'
        print(line, flush=True)
    worst = peak_in_process('worst', CASES[-1][0], args.scale)
    print(f'{f"RPN, {CASES[-1][0]} equal, all pairs tie":34}{worst:6.0f} MB')


if __name__ == '__main__':
    main()
