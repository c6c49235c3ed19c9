"""The best-possible recall of anchors, against comparing every anchor.

    python benchmarks/anchor_recall.py

Claims: the IoU of each of 147 objects with the best anchor of a 1333 x 800
grid, the same as from mmdet's grid_priors and bbox_overlaps, 1,000 times as
fast; and the recall over as many objects as SKU-110K's training split has, in
seconds. The peer's anchors are made once, outside of its time.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
import torch
from mmdet.models.task_modules.prior_generators import AnchorGenerator
from mmdet.structures.bbox import bbox_overlaps

from dense_scene.analysis.advice.anchor_recall import (
    AnchorShapes,
    best_anchor_iou,
)

HEIGHT, WIDTH = 800, 1333
ANCHORS = AnchorShapes((8,), (0.5, 1.0, 2.0))


def make_objects(number: int) -> np.ndarray:
    """Boxes of shelf size, (number, 4) xyxy."""
    rng = np.random.default_rng(0)
    sizes = rng.lognormal(np.log((45, 70)), 0.4, (number, 2)).clip(4, 400)
    corners = rng.uniform(0, (WIDTH, HEIGHT) - sizes)
    return np.hstack((corners, corners + sizes))


def ours(boxes: np.ndarray) -> np.ndarray:
    """The best IoU of each box by ours."""
    return best_anchor_iou(
        boxes, np.tile((HEIGHT, WIDTH), (len(boxes), 1)), ANCHORS
    )[0]


def all_anchors() -> torch.Tensor:
    """mmdet's anchors of one padded image."""
    generator = AnchorGenerator(
        list(ANCHORS.strides), list(ANCHORS.ratios), list(ANCHORS.scales)
    )
    padded = [-(-side // 32) * 32 for side in (HEIGHT, WIDTH)]
    maps = [
        [-(-side // stride) for side in padded] for stride in ANCHORS.strides
    ]
    return torch.cat(generator.grid_priors(maps, device='cpu'))


def measure(function: Callable, repeat: int) -> tuple[float, np.ndarray]:
    """Best core time in seconds, and the result."""
    times = []
    for _ in range(repeat):
        start = time.process_time()
        result = function()
        times.append(time.process_time() - start)
    return min(times), result


def main() -> None:
    """Measure both sides."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--objects', type=int, nargs='+', default=[147, 576])
    parser.add_argument('--many', type=int, default=1_210_000)
    parser.add_argument('--repeat', type=int, default=3)
    args = parser.parse_args()
    torch.set_num_threads(1)
    priors = all_anchors()
    print(
        f'{len(priors)} anchors, {WIDTH} x {HEIGHT}; core time, the best '
        f'of {args.repeat}'
    )
    for number in args.objects:
        boxes = make_objects(number)
        fast, found = measure(lambda: ours(boxes), args.repeat)  # noqa: B023
        tensor = torch.from_numpy(boxes).float()
        slow, expected = measure(
            lambda: bbox_overlaps(tensor, priors).max(1).values,  # noqa: B023
            args.repeat,
        )
        np.testing.assert_allclose(found, expected.numpy(), atol=1e-4)
        print(
            f'{number} objects: ours {fast * 1e3:.2f} ms, every anchor '
            f'{slow * 1e3:.0f} ms, ratio {slow / fast:.0f}'
        )
    boxes = make_objects(args.many)
    seconds, _ = measure(lambda: ours(boxes), 1)
    print(f'{args.many} objects: ours {seconds:.2f} s')


if __name__ == '__main__':
    main()
