"""DetAutoAugment on an 8-megapixel shelf, against mmdet's operations.

    python benchmarks/auto_augment.py

Claim: with 147 boxes, the mean over the 20 sub-policies of v1 is at most
25 ms on one core. The peers are mmdet's operations of the same names with the
same magnitudes, and mmdet.AutoAugment with v1 written in them (its closest
policy: operations on boxes only do not exist there and are left out) and with
its own default.

Processor time. Both sides take turns in one process; of several rounds the
best and the median count, since other programs can only add to them.
"""

import argparse
import os
import time
from collections.abc import Callable

import cv2
import numpy as np
import torch
from mmdet.registry import TRANSFORMS
from mmdet.structures.bbox import HorizontalBoxes
from mmdet.utils import register_all_modules

from dense_scene.datasets.transforms.auto_augment.det_auto_augment import (
    DetAutoAugment,
)
from dense_scene.datasets.transforms.auto_augment.policies import POLICIES
from dense_scene.datasets.transforms.auto_augment.steps import OPERATION_NAMES
from shelf_scenes.render import render_shelf

TARGET = 25.0  # ms
WIDTH, HEIGHT, OBJECTS = 2448, 3264, 147
SAME_NAME = (
    'AutoContrast',
    'Equalize',
    'Posterize',
    'Solarize',
    'SolarizeAdd',
    'Color',
    'Contrast',
    'Brightness',
    'Sharpness',
)
# mmdet's translation is a share of the image, its shearing an angle.
GEOMETRIC = dict(
    Rotate_BBox=dict(type='Rotate'),
    ShearX_BBox=dict(type='ShearX', max_mag=np.rad2deg(np.arctan(0.3))),
    ShearY_BBox=dict(type='ShearY', max_mag=np.rad2deg(np.arctan(0.3))),
    TranslateX_BBox=dict(type='TranslateX', max_mag=250 / WIDTH),
    TranslateY_BBox=dict(type='TranslateY', max_mag=250 / HEIGHT),
)


def stock_step(name: str, prob: float, level: float) -> dict | None:
    """mmdet's operation for one of ours, None where it has none."""
    if name == 'Cutout':  # has neither probability nor level
        side = int(20 * level)
        cut = dict(type='CutOut', n_holes=1, cutout_shape=(side, side))
        return dict(type='RandomApply', transforms=cut, prob=prob)
    if name not in SAME_NAME and name not in GEOMETRIC:
        return None
    return dict(GEOMETRIC.get(name, dict(type=name)), prob=prob, level=level)


def stock_policy(steps: list) -> list[dict]:
    """A sub-policy in mmdet's operations."""
    found = [stock_step(*step) for step in steps]
    nothing = dict(type='Color', prob=0.0)
    return [step for step in found if step] or [nothing]


class Case:
    """Two transforms that take turns on the same draws."""

    def __init__(self, image: np.ndarray, boxes: np.ndarray) -> None:
        self.image, self.boxes = image, torch.from_numpy(boxes)

    def time(self, transform: Callable, seed: int) -> float:
        """Processor time of one call in ms."""
        results = dict(
            img=self.image.copy(),
            img_shape=self.image.shape[:2],
            gt_bboxes=HorizontalBoxes(self.boxes),
            gt_bboxes_labels=np.zeros(len(self.boxes), np.int64),
            gt_ignore_flags=np.zeros(len(self.boxes), bool),
        )
        np.random.seed(seed)
        start = time.process_time()
        transform(results)
        return (time.process_time() - start) * 1e3

    def mean(
        self, sides: list[list[Callable]], draws: int, rounds: int
    ) -> list[tuple[float, float]]:
        """Best and median of each side, each the mean over its transforms
        and ``draws`` seeds."""
        times = [
            [
                [
                    self.time(transform, seed)
                    for transform in side
                    for seed in range(draws)
                ]
                for side in sides
            ]
            for _ in range(rounds)
        ]
        return [
            (np.min(side, axis=0).mean(), np.median(side, axis=0).mean())
            for side in map(np.array, zip(*times))
        ]


def compare_operations(case: Case, rounds: int) -> None:
    print(f'\n{"operation, level 8":26}{"ours":>9}{"mmdet":>10}{"ratio":>8}')
    for name in OPERATION_NAMES:
        sides = [[DetAutoAugment([[(name, 1, 8)]])]]
        if stock := stock_step(name, 1, 8):
            sides.append([TRANSFORMS.build(stock)])
        (ours, _), *peer = case.mean(sides, 1, rounds)
        line = f'{name:26}{ours:6.1f} ms'
        if peer:
            line += f'{peer[0][0]:7.1f} ms{peer[0][0] / ours:8.1f}'
        print(line, flush=True)


def compare_policies(case: Case, draws: int, rounds: int) -> None:
    v1 = POLICIES['v1']
    build = TRANSFORMS.build
    always = [[(name, 1, level) for name, _, level in p] for p in v1]
    default = build(dict(type='AutoAugment'))
    sides = {
        'v1': [DetAutoAugment([p]) for p in v1],
        'v1, every operation done': [DetAutoAugment([p]) for p in always],
        'mmdet, v1 in its operations': [
            build(dict(type='AutoAugment', policies=[stock_policy(p)]))
            for p in v1
        ],
        'mmdet, its default policy': [
            lambda results, steps=steps: steps(results)
            for steps in default.transforms
        ],
    }
    times = case.mean(list(sides.values()), draws, rounds)
    ours = times[0][0]
    print(f'\n{"mean per image":30}{"best":>9}{"median":>11}{"ratio":>8}')
    for name, (best, median) in zip(sides, times):
        print(f'{name:30}{best:6.1f} ms{median:8.1f} ms{best / ours:8.1f}')
    print(f'target for v1: {TARGET:.0f} ms, ratio {TARGET / ours:.2f}')


def main() -> None:
    """Compare operations, then policies."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument(
        '--draws', type=int, default=2, help='seeds of each sub-policy'
    )
    args = parser.parse_args()
    register_all_modules()
    cv2.setNumThreads(0)
    torch.set_num_threads(1)
    image, boxes = render_shelf(1, (WIDTH, HEIGHT), (OBJECTS, OBJECTS))
    print(
        f'{WIDTH} x {HEIGHT} pixels, {len(boxes)} boxes, one thread, OpenCV '
        f'{cv2.__version__}, load {os.getloadavg()[0]:.1f} on '
        f'{os.cpu_count()} cores'
    )
    case = Case(image, boxes)
    compare_operations(case, args.rounds)
    compare_policies(case, args.draws, args.rounds)


if __name__ == '__main__':
    main()
