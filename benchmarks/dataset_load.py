"""How long, and in how much memory, the annotations of SKU-110K load.

Writes a training split of SKU-110K's size (8,233 images, 1.21 million boxes;
counts drawn from a normal distribution with the mean, 147, and the standard
deviation, 43, of the real ones) as CSV and as COCO JSON, and builds each data
set in a process of its own.

Usage: python benchmarks/dataset_load.py [--repeat 3]
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

IMAGES = 8233
WIDTH, HEIGHT = 2448, 3264
STOCK, *OURS = KINDS = ('CocoDataset', 'DenseCocoDataset', 'SKU110KDataset')


def write_annotations(folder: Path) -> int:
    """Write ``train.json`` and ``train.csv``; the number of boxes.

    One image at a time: a process begins with the peak memory of the one that
    started it, so this one has to stay small.
    """
    rng = np.random.default_rng(0)
    images, boxes = [], 0
    with (
        open(folder / 'train.csv', 'w') as csv_file,
        open(folder / 'train.json', 'w') as json_file,
    ):
        json_file.write('{"annotations": [')
        for image_id in range(IMAGES):
            name = f'train_{image_id}.jpg'
            images.append(
                dict(id=image_id, file_name=name, width=WIDTH, height=HEIGHT)
            )
            count = int(np.clip(rng.normal(147, 43), 1, 576))
            corners = rng.integers(0, (WIDTH - 300, HEIGHT - 400), (count, 2))
            sides = rng.integers((40, 60), (300, 400), (count, 2))
            for (x, y), (w, h) in zip(corners.tolist(), sides.tolist()):
                csv_file.write(
                    f'{name},{x},{y},{x + w},{y + h},object,{WIDTH},{HEIGHT}\n'
                )
                boxes += 1
                annotation = dict(
                    id=boxes,
                    image_id=image_id,
                    category_id=1,
                    bbox=[x, y, w, h],
                    area=w * h,
                    iscrowd=0,
                )
                json_file.write(', ' * (boxes > 1) + json.dumps(annotation))
        rest = dict(images=images, categories=[dict(id=1, name='object')])
        json_file.write('], ' + json.dumps(rest)[1:])
    return boxes


def measure(kind: str, folder: str) -> None:
    """Build one data set; print seconds, extra peak MB and boxes as JSON."""
    from mmdet.registry import DATASETS
    from mmengine.logging import MMLogger

    import dense_scene  # noqa: F401

    MMLogger.get_instance('benchmark', log_level='ERROR')
    suffix = 'csv' if kind == 'SKU110KDataset' else 'json'
    settings = dict(
        type=kind,
        ann_file=f'{folder}/train.{suffix}',
        data_prefix=dict(img=''),
    )
    if kind == STOCK:
        settings['metainfo'] = dict(classes=('object',))
    elif kind == 'SKU110KDataset':
        settings['skip_images'] = ()  # these annotations have no bad images
    before = peak_mb()
    start = time.perf_counter()
    dataset = DATASETS.build(settings)
    seconds = time.perf_counter() - start
    extra = peak_mb() - before
    boxes = sum(len(dataset.get_cat_ids(i)) for i in range(len(dataset)))
    print(json.dumps([seconds, extra, len(dataset), boxes]))


def peak_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Kilobytes on Linux, bytes on macOS.
    return peak / (2**20 if sys.platform == 'darwin' else 2**10)


def run(kind: str, folder: str, repeat: int) -> list[float]:
    """The fastest of several processes, and its extra memory."""
    results = []
    for _ in range(repeat):
        output = subprocess.run(
            [sys.executable, __file__, '--measure', kind, folder],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        results.append(json.loads(output.splitlines()[-1]))
    return min(results)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--repeat', type=int, default=3)
    parser.add_argument('--measure', nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        measure(*args.measure)
        return
    with tempfile.TemporaryDirectory() as folder:
        boxes = write_annotations(Path(folder))
        print(
            f'{IMAGES} images, {boxes} boxes; best of {args.repeat}; load '
            f'{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n'
        )
        print('| data set | seconds | ratio | extra peak memory | ratio |')
        print('|---|---|---|---|---|')
        results = {}
        for kind in KINDS:
            results[kind] = run(kind, folder, args.repeat)
            seconds, extra, images, found = results[kind]
            assert (images, found) == (IMAGES, boxes), (kind, images, found)
            print(
                f'| {kind} | {seconds:.2f} | '
                f'{results[STOCK][0] / seconds:.1f}x | {extra:.0f} MB | '
                f'{results[STOCK][1] / extra:.1f}x |'
            )


if __name__ == '__main__':
    main()
