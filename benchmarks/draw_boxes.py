"""Time to draw 1,000 boxes: DenseVisualizer and mmdet's DetLocalVisualizer.

    python benchmarks/draw_boxes.py

The image has four megapixels. What is timed ends with the image in memory.
"""

import time

import numpy as np
import torch
from mmdet.structures import DetDataSample
from mmdet.visualization import DetLocalVisualizer
from mmengine.structures import InstanceData

from dense_scene.visualization.dense_visualizer import DenseVisualizer

BOXES = 1000
WIDTH, HEIGHT = 2448, 1632
META = dict(classes=('a', 'b', 'c'), palette=[(0, 90, 180)] * 3)


def main() -> None:
    random = np.random.default_rng(0)
    image = random.integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
    start = random.uniform(0, (WIDTH - 90, HEIGHT - 90), (BOXES, 2))
    boxes = np.hstack([start, start + random.uniform(30, 90, (BOXES, 2))])
    columns = dict(
        bboxes=torch.from_numpy(boxes).float(),
        labels=torch.from_numpy(random.integers(0, 3, BOXES)),
        scores=torch.from_numpy(random.uniform(0.31, 1, BOXES)).float(),
    )
    sample = DetDataSample(pred_instances=InstanceData(**columns))
    times = {}
    for _ in range(3):
        for kind in (DenseVisualizer, DetLocalVisualizer):
            visualizer = kind.get_instance(kind.__name__)
            visualizer.dataset_meta = META
            begin = time.perf_counter()
            visualizer.add_datasample('boxes', image, sample)
            visualizer.get_image()
            times.setdefault(kind, []).append(time.perf_counter() - begin)
    ours, stock = (min(values) for values in times.values())
    print(f'{BOXES} boxes on {WIDTH} x {HEIGHT}, best of 3, in turns')
    print(f'ours {ours * 1e3:.0f} ms, mmdet {stock * 1e3:.0f} ms', end=', ')
    print(f'ratio {stock / ours:.0f}')


if __name__ == '__main__':
    main()
