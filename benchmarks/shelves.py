"""How fast shelf scenes are rendered, JPEG files and JSON included.

    python benchmarks/shelves.py --images 100

Claim: 1,000 scenes of 1,024 x 1,024 pixels, with the object counts of
SKU-110K, in three minutes on two cores. There is no peer to compare with;
the ratio is that of the budget to the time taken.
"""

import argparse
import json
import os
import resource
import tempfile
import time

from shelf_scenes.write import write_shelves

BUDGET = 180.0  # seconds for 1,000 images on two cores


def main() -> None:
    """Render a set, say how long it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--images', type=int, default=100)
    parser.add_argument('--size', type=int, default=1024)
    parser.add_argument('--workers', type=int, default=2)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        path = write_shelves(
            folder, args.images, size=args.size, workers=args.workers
        )
        wall = time.perf_counter() - start
        objects = len(json.loads(path.read_bytes())['annotations'])
        start = time.perf_counter()
        write_shelves(folder, args.images, size=args.size, progress=False)
        again = time.perf_counter() - start
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    core = used.ru_utime + used.ru_stime
    full = wall / args.images * 1000
    print(
        f'{args.images} images of {args.size} px, {args.workers} workers, '
        f'{objects / args.images:.0f} objects each, '
        f'load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores'
    )
    print(f'wall time      {wall:8.1f} s  {args.images / wall:6.1f} images/s')
    print(
        f'1,000 images   {full:8.0f} s  budget {BUDGET:.0f} s  '
        f'ratio {BUDGET / full:.2f}'
    )
    if args.workers > 1:  # what a busy machine does not change
        idle = 1000 * core / args.images / args.workers
        print(f'core time      {core / args.images:8.3f} s per image')
        print(
            f'on idle cores  {idle:8.0f} s for 1,000 images  '
            f'ratio {BUDGET / idle:.2f}'
        )
    print(f'called again   {again:8.3f} s  (the set is complete)')


if __name__ == '__main__':
    main()
