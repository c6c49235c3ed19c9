"""How fast the training pipeline feeds 8-megapixel photos.

    python benchmarks/pipeline.py

Claims: load + DetAutoAugment v1 + multi-scale 640-800/1333 + flip + pack of
a 2448 x 3264 JPEG with 147 boxes takes at most 75 ms on one core, and at most
a fifth of the time of the stock pipeline, in which mmdet's AutoAugment has
the policy closest to v1 and works on the full image, as in the paper.

Both sides see the same images in turn, in one process; the policy and the
scale are drawn anew for each, so the figures are means. Core time is what
counts for "one core": a busy machine changes it little. The closest policy
leaves out what mmdet has no transform for, the operations on boxes only; that
favours mmdet.
"""

import argparse
import logging
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import cv2
import mmcv
import numpy as np
import torch
from mmcv.transforms import Compose
from mmengine.dataset import pseudo_collate, worker_init_fn
from mmengine.logging import MMLogger
from mmengine.registry import init_default_scope
from rich.progress import track
from torch.utils.data import DataLoader, Dataset

import dense_scene  # noqa: F401
from dense_scene.datasets.images.integrity import find_image_fault
from dense_scene.datasets.images.jpeg import (
    DECODERS,
    read_jpeg_header,
    resolve_backend,
)
from dense_scene.datasets.transforms.auto_augment.policies import POLICIES
from shelf_scenes.render import render_shelf

SIZE, BOXES, TARGET, RATIO = (2448, 3264), 147, 75.0, 5.0
SCALES = [(1333, short) for short in range(640, 801, 32)]
END = [
    dict(type='FilterAnnotations', min_gt_bbox_wh=(1, 1)),
    dict(type='PackDetInputs'),
]


class Samples(Dataset):
    """Drawn photos on disk, and a pipeline."""

    def __init__(self, folder: str, images: int, pipeline=None) -> None:
        self.samples, self.pipeline = [], pipeline
        for index in track(range(images), 'drawing photos'):
            image, boxes = render_shelf(index, SIZE, (BOXES, BOXES))
            path = f'{folder}/{index}.jpg'
            cv2.imwrite(path, image, [cv2.IMWRITE_JPEG_QUALITY, 93])
            instances = [
                dict(bbox=box, bbox_label=0, ignore_flag=0)
                for box in boxes.tolist()
            ]
            self.samples.append(
                dict(
                    img_path=path,
                    img_id=index,
                    instances=instances,
                    width=SIZE[0],
                    height=SIZE[1],
                )
            )

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> dict:
        return self.pipeline(dict(self.samples[index % len(self)]))


def closest(name: str, prob: float, level: int) -> dict | None:
    """The transform of mmdet that comes nearest, None where there is none."""
    if name.endswith('_Only_BBoxes') or name == 'BBox_Cutout':
        return None
    if name == 'Cutout':
        side = 20 * level  # 2 x 100 pixels at level 10
        hole = dict(
            type='CutOut',
            n_holes=1,
            cutout_shape=(side, side),
            fill_in=(128, 128, 128),
        )
        return dict(type='RandomApply', transforms=[hole], prob=prob)
    step = dict(type=name.removesuffix('_BBox'), prob=prob, level=level)
    if name.startswith('Shear'):
        step['max_mag'] = 16.7  # degrees: their tangent is 0.3
    return step


def stock_pipeline(augment: bool) -> Compose:
    """What mmdet offers."""
    idle = dict(type='Color', prob=0.0, level=0)
    policies = [
        [step for step in (closest(*s) for s in steps) if step] or [idle]
        for steps in POLICIES['v1']
    ]
    return Compose(
        [
            dict(type='LoadImageFromFile'),
            dict(type='LoadAnnotations', with_bbox=True),
            *[dict(type='AutoAugment', policies=policies)] * augment,
            dict(type='RandomChoiceResize', scales=SCALES, keep_ratio=True),
            dict(type='RandomFlip', prob=0.5),
            *END,
        ]
    )


def our_pipeline(augment: bool) -> Compose:
    """What the configs use."""
    return Compose(
        [
            dict(
                type='LoadAndResize',
                scales=SCALES,
                auto_augment='v1' if augment else None,
                on_error='skip',
            ),
            # Last, since it gives a mirrored view, which is slow to read.
            dict(type='RandomFlip', prob=0.5),
            *END,
        ]
    )


def clock(call: Callable[[], object]) -> np.ndarray:
    """Core and wall time of a call, in milliseconds."""
    core, wall = time.process_time(), time.perf_counter()
    call()
    return 1e3 * np.array(
        [time.process_time() - core, time.perf_counter() - wall]
    )


def compare(data: Samples, rounds: int, augment: bool) -> np.ndarray:
    """Times of (ours, stock) x (core, wall): means over the samples."""
    sides = our_pipeline(augment), stock_pipeline(augment)
    times = np.zeros((rounds, 2, 2))
    for index in track(
        range(-len(data), rounds),
        f'{"with" if augment else "without"} AutoAugment',
    ):
        for side, pipeline in enumerate(sides):
            np.random.seed(abs(index))
            data.pipeline = pipeline
            taken = clock(partial(data.__getitem__, index))
            if index >= 0:  # the first of each file only warms up
                times[index, side] = taken
    return times.mean(0)


def feed(data: Samples, pipeline: Compose, images: int) -> float:
    """Images per second out of two workers, their start not counted."""
    data.pipeline = pipeline
    loader = DataLoader(
        data,
        batch_size=2,
        num_workers=2,
        collate_fn=pseudo_collate,
        sampler=[i % len(data) for i in range(images + 4)],
        worker_init_fn=lambda worker: (
            worker_init_fn(worker, 2, 0, 0),
            torch.set_num_threads(1),
        ),
    )
    batches = iter(loader)
    next(batches), next(batches)
    start = time.perf_counter()
    count = sum(len(batch['inputs']) for batch in batches)
    return count / (time.perf_counter() - start)


def decoders(paths: list[str], repeat: int) -> Iterator[str]:
    """Lines of a table: each backend at each denominator, means of photos."""
    files = [Path(path).read_bytes() for path in paths]

    def each(call: Callable[[bytes], object]) -> list[float]:
        return [best(partial(call, data), repeat) for data in files]

    yield f'| mmcv.imfrombytes | {np.mean(each(mmcv.imfrombytes)):.1f} | | | |'
    for name, decode in DECODERS.items():
        if resolve_backend(name)[0] != name:
            yield f'| {name} | not installed | | | |'
            continue
        times = [each(partial(decode, denominator=d)) for d in (1, 2, 4, 8)]
        yield (
            f'| {name} | '
            + ' | '.join(f'{np.mean(t):.1f}' for t in times)
            + ' |'
        )
        if name == resolve_backend('auto')[0]:
            spread = sorted(zip(map(len, files), times[1]))
    yield f'\n1/2, {resolve_backend("auto")[0]}: ' + ', '.join(
        f'{time:.1f} ms for {size / 1e6:.1f} MB' for size, time in spread
    )
    fault, header = each(find_image_fault), each(read_jpeg_header)
    yield (
        f'Looking for truncation takes {np.mean(fault):.3f} ms, reading '
        f'the header {np.mean(header):.3f} ms.'
    )


def best(call: Callable[[], object], repeat: int) -> float:
    return min(clock(call)[0] for _ in range(repeat))


def main() -> None:
    """Draw photos, run both sides, print tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        '--samples',
        type=int,
        default=200,
        help='how often each pipeline runs; the operations '
        'drawn differ much in cost (default: 200)',
    )
    parser.add_argument(
        '--images',
        type=int,
        default=4,
        help='how many photos are drawn (default: 4)',
    )
    args = parser.parse_args()
    cv2.setNumThreads(0)
    torch.set_num_threads(1)
    MMLogger.get_instance('benchmark', log_level=logging.ERROR)
    init_default_scope('mmdet')
    print(f'load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores')
    with tempfile.TemporaryDirectory() as folder:
        data = Samples(folder, args.images)
        paths = [sample['img_path'] for sample in data.samples]
        megabytes = np.mean([os.path.getsize(path) for path in paths]) / 1e6
        print(
            f'{args.images} JPEGs of {SIZE[0]} x {SIZE[1]}, '
            f'{megabytes:.1f} MB each, {BOXES} boxes\n'
        )
        print('Decoding, ms of core time\n')
        print('| backend | 1/1 | 1/2 | 1/4 | 1/8 |\n|---|---|---|---|---|')
        print('\n'.join(decoders(paths, 7)), '\n')
        rows = [
            (augment, *compare(data, args.samples, augment))
            for augment in (True, False)
        ]
        print(f'\nMean of {args.samples} samples, ms per image\n')
        print(
            '| pipeline | target | ours, core (wall) | stock, core (wall) '
            '| ratio |\n|---|---|---|---|---|'
        )
        for augment, ours, stock in rows:
            name = 'with' if augment else 'without'
            target = f'<= {TARGET:.0f} ms, >= {RATIO:.0f}x' * augment
            print(
                f'| {name} AutoAugment | {target} | {ours[0]:.1f} '
                f'({ours[1]:.1f}) | {stock[0]:.1f} ({stock[1]:.1f}) | '
                f'{stock[0] / ours[0]:.2f}x |'
            )
        ours = feed(data, our_pipeline(True), args.samples)
        stock = feed(data, stock_pipeline(True), args.samples // 2)
        print(
            f'\nTwo workers, with AutoAugment: ours {ours:.1f} images/s, '
            f'stock {stock:.1f}: {ours / stock:.1f}x'
        )


if __name__ == '__main__':
    main()
