"""A paired bootstrap of SKU-110K's test size, against evaluating each time.

    python benchmarks/bootstrap.py

Claims: 1,000 resamples of 2,920 images with about 260 detections each, from
two results in memory to interval and p, in 60 s on two cores. The peer takes
one of the resamples as a data set, copies of images as images, and evaluates
both results on it with the same backend; it must find the same difference.
"""

import argparse
import os
import time
from pathlib import Path

import numpy as np
from evaluation import STATS, make_sample, object_counts

from dense_scene.analysis.significance.bootstrap import bootstrap_difference
from dense_scene.evaluation.backends import load_backend
from dense_scene.evaluation.image_result import (
    ImageResult,
    join_detections,
    join_truth,
)
from dense_scene.evaluation.tables.detections import Detections
from dense_scene.evaluation.tables.ground_truth import GroundTruth
from dense_scene.evaluation.tables.image_table import ImageTable


def make_results(
    counts: list[int],
) -> tuple[GroundTruth, Detections, Detections]:
    """Ground truth, detections, and these with blurred boxes.

    Scores have no ties: COCO breaks them otherwise where a copy is an image.
    """
    rng = np.random.default_rng(0)
    images = [
        ImageResult.from_sample(make_sample(image_id, count, rng), True)
        for image_id, count in enumerate(counts)
    ]
    found = join_detections(images)
    blurred = found.boxes + rng.normal(0, 2, found.boxes.shape)
    blurred[:, 2:] = np.maximum(blurred[:, 2:], blurred[:, :2] + 1)
    pair = [
        Detections(
            found.image_ids,
            boxes,
            found.scores * rng.uniform(0.98, 1, len(found)),
            found.labels,
        )
        for boxes in (found.boxes, blurred)
    ]
    return join_truth(images, ('object',)), *pair


def draw(
    truth: GroundTruth, found: Detections, chosen: np.ndarray
) -> tuple[GroundTruth, Detections]:
    """These images as a data set of their own; one may come twice."""
    ids = np.arange(len(chosen))
    objects, rows = (side.group(truth.images.ids) for side in (truth, found))
    rows_of_truth = np.concatenate([objects[i] for i in chosen])
    rows_of_found = np.concatenate([rows[i] for i in chosen])
    sizes = np.ones(len(ids), np.int64)
    return (
        GroundTruth(
            ImageTable(ids, sizes, sizes),
            truth.classes,
            np.repeat(ids, objects.counts[chosen]),
            truth.boxes[rows_of_truth],
            truth.labels[rows_of_truth],
        ),
        Detections(
            np.repeat(ids, rows.counts[chosen]),
            found.boxes[rows_of_found],
            found.scores[rows_of_found],
            found.labels[rows_of_found],
        ),
    )


def main() -> None:
    """Measure both sides."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--images', type=int, default=2920)
    parser.add_argument('--resamples', type=int, default=1000)
    parser.add_argument('--stats', type=Path, default=STATS)
    args = parser.parse_args()
    counts = object_counts(args.stats, args.images, np.random.default_rng(0))
    truth, first, second = make_results(counts)
    print(
        f'{len(counts)} images, {len(truth)} objects, {len(first)} '
        f'detections; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} '
        'cores'
    )

    wall, core = time.perf_counter(), time.process_time()
    result = bootstrap_difference(
        truth, first, second, resamples=args.resamples
    )
    wall, core = time.perf_counter() - wall, time.process_time() - core
    print(result.format())
    print(
        f'ours {wall:.1f} s wall, {core:.1f} s core for {args.resamples} '
        'resamples, budget 60 s for 1000'
    )

    backend = load_backend()
    # Sorted, since copies must stand beside their original.
    chosen = np.sort(
        np.random.default_rng((0, 0)).integers(len(counts), size=len(counts))
    )
    pairs = [draw(truth, found, chosen) for found in (first, second)]
    start = time.perf_counter()
    values = [backend.evaluate(*pair, [300]).ap(300) for pair in pairs]
    peer = (time.perf_counter() - start) * args.resamples
    difference = values[1] - values[0]
    assert abs(difference - result.samples[0, 0]) < 1e-9
    print(
        f'{backend.name} {peer:.0f} s wall ({args.resamples} times one '
        f'resample, difference {difference:+.6f}, ours '
        f'{result.samples[0, 0]:+.6f}); ratio {peer / wall:.0f}'
    )


if __name__ == '__main__':
    main()
