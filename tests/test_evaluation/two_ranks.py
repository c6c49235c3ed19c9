"""Evaluate with one of two gloo processes; run by a test.

Usage: python -m tests.test_evaluation.two_ranks OUT_DIR, rank in the env.
"""

import json
import os
import sys
from pathlib import Path

import torch
import torch.distributed as dist
from mmengine.dataset import DefaultSampler

from dense_scene.datasets.coco.dense_coco_dataset import DenseCocoDataset
from dense_scene.evaluation.counting_metric import CountingMetric
from dense_scene.evaluation.dense_coco_metric import DenseCocoMetric

from .test_dense_coco_metric import CLASSES, sample, write_coco

NUM_IMAGES = 5  # an uneven split: the sampler repeats image 0 for rank 1


def evaluate(ann_file: Path, **settings) -> dict:
    """This process's share of the images, then everybody's metrics."""
    generator = torch.Generator().manual_seed(0)
    samples = [sample(n, generator, 60, 120) for n in range(NUM_IMAGES)]
    write_coco(ann_file, samples)
    dataset = DenseCocoDataset(
        ann_file=str(ann_file), test_mode=True, pipeline=[]
    )
    for item in samples:
        del item['instances']
    values = {}
    for metric in (
        DenseCocoMetric(max_dets=(50, 100), classwise=True, **settings),
        CountingMetric(classwise=True),
    ):
        metric.dataset_meta = dict(classes=CLASSES)
        metric.use_dataset(dataset)
        for index in DefaultSampler(samples, shuffle=False):
            metric.process({}, [samples[index]])
        values.update(metric.evaluate(NUM_IMAGES))
    return values


def main() -> None:
    """Write the metrics that this rank got."""
    torch.set_num_threads(1)
    dist.init_process_group('gloo')
    folder = Path(sys.argv[1])
    rank = os.environ['RANK']
    result = evaluate(
        folder / f'truth{rank}.json', collect_dir=str(folder / 'collected')
    )
    path = folder / f'rank{rank}.json'
    path.write_text(json.dumps(result))  # floats keep every bit
    dist.destroy_process_group()


if __name__ == '__main__':
    main()
