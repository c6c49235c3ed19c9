"""A paired bootstrap of SKU-110K's test size, against two peers.

    python benchmarks/bootstrap.py

Claims: 1,000 resamples of 2,920 images with about 260 detections each, from
two results in memory to interval and p, in 60 s on two cores.

- hotcoco's ``compare`` resamples images too; it takes --peer-resamples of
  them, at one area range and max_dets alone, which are scaled.
- Evaluating each time: one of the resamples as a data set, copies of images as
  images, is evaluated with the same backend, and the time is scaled; it must
  find the same difference.
"""

import argparse
import os
import time
from dataclasses import replace
from pathlib import Path

import hotcoco
import numpy as np
from evaluation import STATS, make_sample, object_counts

from dense_scene.analysis.significance.bootstrap import bootstrap_difference
from dense_scene.evaluation.backends import load_backend
from dense_scene.evaluation.samples import join_detections, read_sample
from dense_scene.evaluation.tables.coco_parts import split_coco
from dense_scene.evaluation.tables.coco_tables import IOU_THRS
from dense_scene.evaluation.tables.dataset_truth import join_columns
from dense_scene.evaluation.tables.detections import Detections
from dense_scene.evaluation.tables.ground_truth import GroundTruth


def make_results(
    counts: list[int],
) -> tuple[GroundTruth, Detections, Detections]:
    """Ground truth, detections, and these with blurred boxes.

    Scores have no ties: COCO breaks them otherwise where a copy is an image.
    """
    rng = np.random.default_rng(0)
    images = [
        read_sample(make_sample(image_id, count, rng), with_truth=True)
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
    columns = join_columns([image[-1] for image in images])
    return GroundTruth.from_columns(columns, ('object',)), *pair


def draw(
    truth: GroundTruth, found: Detections, chosen: np.ndarray
) -> tuple[GroundTruth, Detections]:
    """These images as a data set of their own; one may come twice."""
    ids = np.arange(len(chosen))
    rows = found.group(truth.columns.image_ids)
    rows_of_found = np.concatenate([rows[i] for i in chosen])
    columns = replace(truth.columns.take(chosen), image_ids=ids)
    return (
        GroundTruth.from_columns(columns, truth.classes),
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
    parser.add_argument('--peer-resamples', type=int, default=10)
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

    backend = load_backend('hotcoco')
    start = time.perf_counter()
    pair = []
    for found in (first, second):
        (part,) = split_coco(truth, found)
        pair.append(backend.evaluator(part, [300], IOU_THRS))
    middle, middle_core = time.perf_counter(), time.process_time()
    theirs = hotcoco.compare(*pair, n_bootstrap=args.peer_resamples)
    each = (time.perf_counter() - middle) / args.peer_resamples
    each_core = (time.process_time() - middle_core) / args.peer_resamples
    peer = middle - start + each * args.resamples
    assert abs(theirs['deltas']['AP'] - result.difference[0]) < 1e-9
    print(
        f'hotcoco.compare {peer:.0f} s wall (matching {middle - start:.1f} s '
        f'and {args.resamples} times {each:.3f} s, {each_core:.3f} s core, '
        f'the mean of {args.peer_resamples}); ratio {peer / wall:.1f}'
    )
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
        f'evaluating each {peer:.0f} s wall ({args.resamples} times one '
        f'resample, difference {difference:+.6f}, ours '
        f'{result.samples[0, 0]:+.6f}); ratio {peer / wall:.0f}'
    )


if __name__ == '__main__':
    main()
