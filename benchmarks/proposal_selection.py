"""What it costs to keep more boxes: NMS and the RPN's choice of proposals.

    python benchmarks/proposal_selection.py

Claim: no part of them grows faster than the boxes that go in and are kept.
NMS on boxes of many objects is compared with NMS block by block, each kept box
with all that are left, as mmcv's loop does it too (benchmarks/mmcv_ops.py
measures that); both must keep the same boxes. The RPN's part is mmdet's
``RPNHead.predict_by_feat`` at 267,069 anchors with random scores, and of it
the sorting of the scores alone. Core time, the best of all rounds.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
import torch
from assigner import HEIGHT, STRIDES, WIDTH
from mmdet.models.dense_heads import RPNHead
from mmdet.utils import register_all_modules
from mmengine.config import ConfigDict
from torch import Tensor

from portable_ops import nms
from portable_ops.nms import _suppress

THRESHOLD = 0.7


def best_time(step: Callable, rounds: int) -> float:
    """Time of the cores in ms."""
    step()
    times = []
    for _ in range(rounds):
        start = time.process_time()
        step()
        times.append(time.process_time() - start)
    return 1e3 * min(times)


def make_boxes(num: int) -> tuple[Tensor, Tensor]:
    """As many objects as proposals, each as dense as 2,000 in an image."""
    rng = torch.Generator().manual_seed(0)
    span = 1000 * (num / 2000) ** 0.5
    center = torch.rand(num, 2, generator=rng) * span
    half = 10 + 20 * torch.rand(num, 2, generator=rng)
    scores = torch.rand(num, generator=rng)
    return torch.cat([center - half, center + half], 1), scores


def by_blocks(boxes: Tensor, scores: Tensor) -> Tensor:
    """Every kept box is compared with all that are left."""
    order = scores.sort(descending=True).indices
    x1, y1, x2, y2 = corners = boxes[order].t()
    areas = (x2 - x1) * (y2 - y1)
    rows = torch.cat([corners, areas[None]]).numpy()
    threshold = float(np.float32(THRESHOLD))
    return torch.as_tensor(
        _suppress(rows, order.numpy(), threshold, 0, block=64)
    )


def measure_nms(rounds: int) -> None:
    print(
        f'{"NMS, ms":12}{"kept":>8}{"ours":>9}{"by blocks":>11}'
        f'{"times as fast":>15}{"ours, us per kept box":>24}'
    )
    for num in (1000, 2000, 5000, 10_000, 20_000):
        boxes = make_boxes(num)
        kept = nms(*boxes, THRESHOLD)
        assert torch.equal(kept, by_blocks(*boxes))
        ours = best_time(lambda b=boxes: nms(*b, THRESHOLD), rounds)
        blocks = best_time(lambda b=boxes: by_blocks(*b), rounds)
        print(
            f'{num:<12,}{len(kept):>8,}{ours:9.1f}{blocks:11.1f}'
            f'{blocks / ours:15.1f}{1e3 * ours / len(kept):24.1f}',
            flush=True,
        )


def make_rpn() -> tuple[RPNHead, list[Tensor], list[Tensor]]:
    register_all_modules()
    head = RPNHead(
        in_channels=1,
        anchor_generator=dict(
            type='AnchorGenerator',
            scales=[8],
            ratios=[0.5, 1.0, 2.0],
            strides=list(STRIDES),
        ),
        bbox_coder=dict(type='DeltaXYWHBBoxCoder'),
        loss_cls=dict(type='CrossEntropyLoss', use_sigmoid=True),
        loss_bbox=dict(type='L1Loss'),
    )
    rng = torch.Generator().manual_seed(0)
    sizes = [(-(-HEIGHT // s), -(-WIDTH // s)) for s in STRIDES]
    scores = [torch.randn(1, 3, *size, generator=rng) for size in sizes]
    deltas = [torch.randn(1, 12, *size, generator=rng) / 5 for size in sizes]
    return head, scores, deltas


def measure_rpn(rounds: int) -> None:
    head, scores, deltas = make_rpn()
    images = [dict(img_shape=(HEIGHT, WIDTH))]

    def select(nms_pre: int, kept: int):
        config = ConfigDict(
            nms_pre=nms_pre,
            max_per_img=kept,
            nms=dict(type='nms', iou_threshold=THRESHOLD),
            min_bbox_size=0,
        )
        return head.predict_by_feat(
            scores, deltas, batch_img_metas=images, cfg=config
        )[0]

    flat = [level.flatten() for level in scores]
    sorting = best_time(
        lambda: [level.sort(descending=True) for level in flat], rounds
    )
    print(f'\nRPN: sorting all scores alone {sorting:.1f} ms')
    print(f'{"nms_pre":>8}{"max_per_img":>13}{"kept":>8}{"ms":>9}')
    for nms_pre, most in ((1000, 1000), (2000, 2000), (3000, 3000)):
        kept = len(select(nms_pre, most))
        took = best_time(lambda p=nms_pre, m=most: select(p, m), rounds)
        print(f'{nms_pre:8,}{most:13,}{kept:8,}{took:9.1f}', flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--rounds', type=int, default=5)
    args = parser.parse_args()
    measure_nms(args.rounds)
    measure_rpn(args.rounds)


if __name__ == '__main__':
    main()
