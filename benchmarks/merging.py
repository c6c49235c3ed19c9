"""Time of EM-Merger, beside the loops that define it and NMS.

    python benchmarks/merging.py

Claim: 1,000 detections of 150 touching objects are merged in at most 100 ms
on one core.
"""

import sys
import time
from pathlib import Path

import numpy as np
import torch
from mmcv.ops import nms

from dense_scene.models.post_processing.em_merger import em_merger
from dense_scene.testing import touching_row

sys.path.insert(1, str(Path(__file__).parents[1]))


def detections(num: int, spread: float) -> tuple[torch.Tensor, torch.Tensor]:
    """``num`` jittered detections of ten shelves of 15 touching objects.

    Args:
        num: How many.
        spread: Standard deviation of each corner, of the object's width.
    """
    rng = np.random.default_rng(0)
    objects = torch.cat(
        [touching_row(15, (60, 100), (50, 130 * row)) for row in range(10)]
    ).numpy()
    boxes = objects[rng.integers(0, len(objects), num)]
    boxes = boxes + rng.normal(0, 60 * spread, boxes.shape)
    return torch.from_numpy(boxes), torch.from_numpy(rng.random(num))


def milliseconds(call, repeats: int) -> float:
    """The median time of a call."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return 1000 * float(np.median(times))


def main() -> None:
    """Print a line for each scene."""
    from tests.test_models.test_post_processing import em_reference

    torch.set_num_threads(1)
    for name, num, spread in (
        ('1,000 detections, objects apart', 1000, 0.05),
        ('1,000 detections, up to 187 in a group', 1000, 0.4),
        ('1,000 detections, 752 in one group', 1000, 0.7),
        ('5,000 detections, objects apart', 5000, 0.05),
    ):
        boxes, weights = detections(num, spread)
        ours = milliseconds(lambda b=boxes, w=weights: em_merger(b, w), 7)
        args = boxes.float(), weights.float(), 0.5
        peer = milliseconds(lambda a=args: nms(*a), 7)
        line = f'{name}: {ours:.0f} ms, {len(em_merger(boxes, weights)[0])} '
        line += f'objects; nms {peer:.1f} ms'
        if num == 1000 and spread < 0.1:
            loops = milliseconds(
                lambda b=boxes, w=weights: em_reference.merge(b, w), 1
            )
            line += f'; loops {loops:.0f} ms, {loops / ours:.0f} x'
        print(line)


if __name__ == '__main__':
    main()
