"""100 to 5,000 objects in one image: a training step and a test of each.

    python benchmarks/many_objects.py

The detector of the CPU study (Cascade R-CNN, R18 of half width) on an image
of 1,280 x 1,280 pixels that is full of touching objects, with caps that hold
them all. Ours and mmdet's assigner take turns, each in a process of its own
that may use 8 GB; the largest resident size and the time of the second of two
steps. At the end, the recall that caps leave, and what is warned of at the
caps of dense sampling (3,000 proposals, 400 detections, evaluated at 100 and
300).
"""

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
CONFIG = 'shelves/cascade-rcnn_r18-scratch_fpn_1xb4-3e_shelves.py'
COUNTS = (100, 300, 1000, 2000, 5000)
SIDE = 1280
LIMIT = 8 * 2**30
ASSIGNERS = {'ours': 'DenseMaxIoUAssigner', 'mmdet': 'MaxIoUAssigner'}


def build(kind: str, count: int):
    """The model, with caps from 2,000 on that grow with the objects."""
    from mmdet.registry import MODELS
    from mmengine.config import Config
    from mmengine.registry import init_default_scope

    import dense_scene  # noqa: F401

    init_default_scope('mmdet')
    os.environ.setdefault('SHELVES_ROOT', '.')
    model = Config.fromfile(ROOT / 'configs' / CONFIG).model
    most = max(2000, 2 * count)
    for proposals in (model.train_cfg.rpn_proposal, model.test_cfg.rpn):
        proposals.update(nms_pre=most, max_per_img=most)
    model.test_cfg.rcnn.update(max_per_img=most, score_thr=0.0)
    for stage in (model.train_cfg.rpn, *model.train_cfg.rcnn):
        stage.assigner.type = ASSIGNERS[kind]
    for stage in model.train_cfg.rcnn:
        stage.sampler.num = max(512, count)
    return MODELS.build(model)


def make_batch(count: int) -> dict:
    """One image of touching objects, a grid of them."""
    import torch
    from mmdet.structures import DetDataSample
    from mmengine.structures import InstanceData

    columns = int(count**0.5 + 0.999)
    number = torch.arange(count)
    side = SIDE / columns
    corner = torch.stack([number % columns, number // columns], 1) * side
    boxes = torch.cat([corner, corner + side], dim=1).float()
    shape = dict(img_shape=(SIDE, SIDE), ori_shape=(SIDE, SIDE))
    sample = DetDataSample(metainfo=dict(shape, scale_factor=(1.0, 1.0)))
    labels = torch.zeros(count).long()
    sample.gt_instances = InstanceData(bboxes=boxes, labels=labels)
    sample.ignored_instances = InstanceData(bboxes=boxes[:0])
    image = torch.randint(0, 255, (3, SIDE, SIDE), dtype=torch.uint8)
    return dict(inputs=[image], data_samples=[sample])


def measure(kind: str, part: str, count: int) -> None:
    """Print the seconds, the peak in MB and the number of detections."""
    import torch

    # Beyond what torch maps and does not use.
    used = int(Path('/proc/self/statm').read_text().split()[0]) * 4096
    resource.setrlimit(resource.RLIMIT_AS, (used + LIMIT,) * 2)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model, batch, found = build(kind, count), make_batch(count), 0
    model.train(part == 'train')
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)
    for _ in range(2):
        start = time.perf_counter()
        if part == 'train':
            data = model.data_preprocessor(batch, True)
            losses = model(**data, mode='loss')
            optimizer.zero_grad()
            model.parse_losses(losses)[0].backward()
            optimizer.step()
        else:
            with torch.no_grad():
                found = len(model.test_step(batch)[0].pred_instances)
        seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    print(json.dumps([seconds, peak, found]))


def print_caps(counts: list) -> None:
    """The best recall of one image of so many objects, and the warnings."""
    import numpy as np

    from dense_scene.evaluation.tables.coco_summary import low_cap_warnings
    from dense_scene.utils.object_counts import recall_bound

    caps = {'test_cfg.rcnn.max_per_img': 400, 'test_cfg.rpn.max_per_img': 3000}
    print()
    print('| objects | recall at 100 | at 300 | at 400 | at all | warnings |')
    print('|---|---|---|---|---|---|')
    for count in counts:
        image = np.array([[count]])
        bounds = [recall_bound(image, cap) for cap in (100, 300, 400, count)]
        cells = f'{count:,}', *(f'{bound:.2f}' for bound in bounds)
        warned = low_cap_warnings(image, (100, 300), caps)
        names = [re.sub(r'( of the model)? is.*', '', line) for line in warned]
        print('|', ' | '.join([*cells, '; '.join(names)]), '|')


def run(kind: str, part: str, count: int) -> list | None:
    """What a process of its own measured; None if it ran out of memory."""
    command = [sys.executable, __file__, '--measure', kind, part, str(count)]
    environment = {**os.environ, 'OMP_NUM_THREADS': '1'}
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment
    )
    if done.returncode:
        if 'llocat' in done.stderr or 'MemoryError' in done.stderr:
            return None
        raise ChildProcessError(done.stderr[-2000:])
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--measure', nargs=3)
    parser.add_argument('--counts', nargs='+', type=int, default=COUNTS)
    parser.add_argument('--parts', nargs='+', default=['train', 'test'])
    args = parser.parse_args()
    if args.measure:
        kind, part, count = args.measure
        measure(kind, part, int(count))
        return
    print('| objects | part | assigner | seconds | peak MB | detections |')
    print('|---|---|---|---|---|---|')
    for count in args.counts:
        for part in args.parts:
            # A test assigns nothing: it is the same for both.
            for kind in ASSIGNERS if part == 'train' else ['ours']:
                found = run(kind, part, count)
                cells = 'more than 8 GB', '', ''
                if found:
                    seconds, peak, number = found
                    cells = f'{seconds:.1f}', f'{peak:,.0f}', number or ''
                row = f'{count:,}', part, kind, *cells
                print('|', ' | '.join(map(str, row)), '|', flush=True)
    print_caps(args.counts)


if __name__ == '__main__':
    main()
