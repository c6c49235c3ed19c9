"""What crops do to dense scenes, against mmdet's RandomCrop.

    python benchmarks/crops.py --samples 400

Claims: the windows of DenseRandomCrop cut at most two thirds as large a share
of the objects that they show as those of RandomCrop, at the same crop size
(0.6 of both sides), and no more than 1 ms of core time goes into a crop of a
scene of 600 objects. The pixels are only sliced by either side, so that image
size plays no part. Columns, per crop: objects of which something is shown;
those that the window cuts; their share; boxes to be found of which less than
a quarter is shown; the part of the image; the median time.
"""

import argparse
import os
import time

import numpy as np
import torch
from mmdet.datasets.transforms import RandomCrop
from mmdet.structures.bbox import HorizontalBoxes

from dense_scene.datasets.transforms.crops.dense_random_crop import (
    DenseRandomCrop,
    count_cut,
)
from dense_scene.datasets.transforms.crops.tile_crop import TileCrop
from dense_scene.datasets.transforms.crops.window_crop import visible_fraction
from shelf_scenes.layout import plan_scene

SIZE, PART, MOST, TARGET = (2448, 3264), 0.6, 2 / 3, 1.0


def make_sample(boxes: np.ndarray, image: np.ndarray) -> dict:
    """What LoadAnnotations leaves."""
    return dict(
        img=image,
        img_shape=image.shape[:2],
        gt_bboxes=HorizontalBoxes(torch.from_numpy(boxes)),
        gt_bboxes_labels=np.arange(len(boxes)),
        gt_ignore_flags=np.zeros(len(boxes), bool),
    )


def measure(crop, scenes: list[np.ndarray], samples: int) -> dict:
    """Means over the windows that a transform gives."""
    image = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    found, spent = [], []
    np.random.seed(0)
    for index in range(samples):
        boxes = scenes[index % len(scenes)]
        sample = make_sample(boxes.copy(), image)
        start = time.process_time()
        result = crop(sample)
        spent.append(time.process_time() - start)
        if result is None:
            continue
        height, width = result['img_shape']
        x, y = -result['homography_matrix'][:2, 2]
        window = np.array([x, y, x + width, y + height])
        seen = visible_fraction(boxes, window)[0]
        to_find = result['gt_bboxes_labels'][~result['gt_ignore_flags']]
        found.append(
            (
                (seen > 0).sum(),
                count_cut(boxes, window),
                (seen[to_find] < 0.25).sum(),
                width * height / SIZE[0] / SIZE[1],
            )
        )
    shown, cut, slivers, area = np.mean(found, axis=0)
    return dict(
        shown=shown,
        cut=cut,
        share=cut / shown,
        slivers=slivers,
        area=area,
        ms=1000 * np.median(spent),
    )


def main() -> None:
    """Print ours, the peer's, and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--samples', type=int, default=400)
    parser.add_argument('--scenes', type=int, default=20)
    args = parser.parse_args()
    torch.set_num_threads(1)
    pixels = tuple(round(PART * side) for side in SIZE)
    crops = dict(
        peer=('mmdet RandomCrop', RandomCrop(pixels)),
        ours=('DenseRandomCrop', DenseRandomCrop((PART, PART))),
        tile=('TileCrop 2 x 2', TileCrop(grid=(2, 2), overlap=1 / 3)),
    )
    ratios = {}
    for name, count in (('counts of SKU-110K', None), ('600 objects', 600)):
        scenes = [
            plan_scene(
                np.random.default_rng(seed), SIZE, count and (count, count)
            ).boxes
            for seed in range(args.scenes)
        ]
        print(
            f'\n{name}, {np.mean([len(s) for s in scenes]):.0f} in each of '
            f'{len(scenes)} scenes, {args.samples} crops, load '
            f'{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores'
        )
        print(
            f'{"":18}{"shown":>8}{"cut":>8}{"share":>8}{"slivers":>9}'
            f'{"area":>7}{"core ms":>9}'
        )
        rows = {}
        for key, (label, crop) in crops.items():
            row = rows[key] = measure(crop, scenes, args.samples)
            print(
                f'{label:18}{row["shown"]:8.1f}{row["cut"]:8.1f}'
                f'{row["share"]:8.3f}{row["slivers"]:9.2f}'
                f'{row["area"]:7.2f}{row["ms"]:9.3f}'
            )
        ratios[name] = rows['ours']['share'] / rows['peer']['share']
        print(
            f'share cut, ours : peer {ratios[name]:.2f}; core time, '
            f'ours : peer {rows["ours"]["ms"] / rows["peer"]["ms"]:.1f}'
        )
    good = (
        max(ratios.values()) <= MOST
        and max(rows[key]['ms'] for key in ('ours', 'tile')) <= TARGET
    )
    print(
        f'\nclaims {"hold" if good else "FAIL"}: at most {MOST:.2f} of the '
        f'share, at most {TARGET} ms'
    )


if __name__ == '__main__':
    main()
