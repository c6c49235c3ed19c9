"""DenseCocoMetric against mmdet's CocoMetric, on sets like SKU-110K's test.

    python benchmarks/evaluation.py

Claims: 2,920 images with about 260 detections each, from collected
predictions to the table, in 20 s on two cores and below 1.5 GB; on 200 of
them at least 100 times faster than CocoMetric (pycocotools) at the same
max_dets; process() at most 1 ms per image. Counts of objects are those of
SKU-110K's test images where --stats is there, else drawn from the distribution
that was fitted to them.
"""

import argparse
import contextlib
import csv
import io
import os
import resource
import time
from pathlib import Path

import numpy as np
import torch
from mmdet.evaluation import CocoMetric
from mmengine.evaluator import BaseMetric
from mmengine.logging import MMLogger

from dense_scene.evaluation.dense_coco_metric import DenseCocoMetric
from shelf_scenes.calibration import draw_count

STATS = Path(__file__).parents[2] / 'shared/data/sku110k_image_stats.csv'
WIDTH, HEIGHT = 2448, 3264
MAX_DETS = (100, 300, 1000)


def object_counts(
    stats: Path, num_images: int, rng: np.random.Generator
) -> list[int]:
    """Objects per image: true ones, else drawn."""
    if not stats.is_file():
        print(f'counts: drawn, as there is no {stats}')
        return [draw_count(rng) for _ in range(num_images)]
    print(f'counts: the test images of {stats.name}')
    with stats.open() as file:
        counts = [
            int(row['objects'])
            for row in csv.DictReader(file)
            if row['split'] == 'test'
        ]
    return (counts * (num_images // len(counts) + 1))[:num_images]


def make_sample(image_id: int, count: int, rng: np.random.Generator) -> dict:
    """A shelf of slightly overlapping boxes and 1.77 detections of each.

    260 detections for 147 objects: most lie close to their object, the rest
    are second boxes and boxes between two neighbors.
    """
    columns = max(1, round(np.sqrt(count * WIDTH / HEIGHT)))
    pitch = np.array([WIDTH / columns, HEIGHT * columns / (count + columns)])
    place = np.stack(
        (np.arange(count) % columns, np.arange(count) // columns), axis=1
    )
    centers = (place + 0.5 + rng.normal(0, 0.03, (count, 2))) * pitch
    sizes = pitch * rng.uniform(0.9, 1.05, (count, 2))
    truth = np.hstack((centers - sizes / 2, centers + sizes / 2))
    source = np.r_[
        np.arange(count), rng.integers(count, size=count * 77 // 100)
    ]
    spread = np.where(np.arange(len(source)) < count, 0.04, 0.25)[:, None]
    shift = rng.normal(0, 1, (len(source), 4)) * spread
    boxes = truth[source] + shift * np.tile(pitch, 2)
    boxes[:, 2:] = np.maximum(boxes[:, 2:], boxes[:, :2] + 1)
    scores = np.clip(rng.beta(5, 2, len(source)) - spread[:, 0], 0.001, 1)
    return dict(
        img_id=image_id,
        ori_shape=(HEIGHT, WIDTH),
        instances=[
            dict(bbox=box, bbox_label=0, ignore_flag=0)
            for box in truth.tolist()
        ],
        pred_instances=dict(
            bboxes=torch.tensor(boxes, dtype=torch.float32),
            scores=torch.tensor(scores, dtype=torch.float32),
            labels=torch.zeros(len(boxes), dtype=torch.long),
        ),
    )


def measure(
    metric: BaseMetric, counts: list[int]
) -> tuple[dict, float, float, float]:
    """Result, seconds of process(), wall and core seconds of evaluate()."""
    rng = np.random.default_rng(0)
    metric.dataset_meta = dict(classes=('object',))
    processed = 0.0
    for image_id, count in enumerate(counts):
        sample = make_sample(image_id, count, rng)
        start = time.perf_counter()
        metric.process({}, [sample])
        processed += time.perf_counter() - start
    wall, core = time.perf_counter(), time.process_time()
    with contextlib.redirect_stdout(io.StringIO()):
        result = metric.evaluate(len(counts))
    return (
        result,
        processed,
        time.perf_counter() - wall,
        time.process_time() - core,
    )


def main() -> None:
    """Measure the large set, then both sides on a part of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--images', type=int, default=2920)
    parser.add_argument('--peer-images', type=int, default=200)
    parser.add_argument('--stats', type=Path, default=STATS)
    args = parser.parse_args()
    torch.set_num_threads(2)
    MMLogger.get_instance('benchmark', log_level='ERROR')
    counts = object_counts(args.stats, args.images, np.random.default_rng(0))
    print(f'load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores')

    result, processed, wall, core = measure(DenseCocoMetric(), counts)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f'{len(counts)} images, {sum(counts)} objects, max_dets 100 and 300, '
        f'{result["coco/evaluator"]}'
    )
    print(
        f'AP@100 {result["coco/bbox_mAP_at100"]:.3f} (recall bound '
        f'{result["coco/recall_bound_at100"]:.4f}), AP@300 '
        f'{result["coco/bbox_mAP_at300"]:.3f}'
    )
    print(
        f'process()  {1e3 * processed / len(counts):7.3f} ms per image, '
        'budget 1 ms'
    )
    print(f'evaluate() {wall:7.1f} s wall, {core:.1f} s core, budget 20 s')
    print(
        f'peak RSS   {memory:7.2f} GB (the process with torch and mmdet), '
        'budget 1.5 GB'
    )

    counts = counts[: args.peer_images]
    print(
        f'{len(counts)} images, {sum(counts)} objects, max_dets '
        f'{"/".join(map(str, MAX_DETS))}'
    )
    ours = measure(DenseCocoMetric(max_dets=MAX_DETS), counts)
    again = measure(DenseCocoMetric(max_dets=MAX_DETS), counts)
    peer = measure(CocoMetric(proposal_nums=MAX_DETS), counts)
    for name, n in (
        ('bbox_mAP', 100),
        ('bbox_mAP_50', 1000),
        ('bbox_mAP_75', 1000),
    ):
        difference = ours[0][f'coco/{name}_at{n}'] - peer[0][f'coco/{name}']
        assert abs(difference) < 5.01e-4, f'{name} differs by {difference}'
    best = min(ours[2], again[2])
    print(
        f'ours {best:.2f} s wall, {min(ours[3], again[3]):.2f} s core; '
        f'CocoMetric {peer[2]:.1f} s wall, {peer[3]:.1f} s core; '
        f'ratio {peer[2] / best:.0f} (core '
        f'{peer[3] / min(ours[3], again[3]):.0f})'
    )


if __name__ == '__main__':
    main()
