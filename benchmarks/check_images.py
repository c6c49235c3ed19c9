"""How many photos a second the check of a data set reads.

Renders shelves of SKU-110K's size, 8 megapixels, and checks them: digest,
header, end marker, all pixels. The peer is the usual loop: the digest of the
file, and PIL's load() of the whole image. Then the check runs again, with
nothing changed.

Usage: python benchmarks/check_images.py [--images 40] [--repeat 2]
"""

import argparse
import hashlib
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from dense_scene.datasets.checks.parallel_inspection import inspect_images
from dense_scene.utils.worker_pool import available_cores
from shelf_scenes.write import write_shelves


def read_plainly(paths: list[Path]) -> None:
    for path in paths:
        hashlib.sha256(path.read_bytes()).hexdigest()
        with Image.open(path) as image:
            image.load()


def seconds(function: Callable[[], object], repeat: int) -> float:
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--images', type=int, default=40)
    parser.add_argument('--repeat', type=int, default=2)
    args = parser.parse_args()
    cores = available_cores()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_shelves(folder, args.images, size=(2448, 3264), progress=False)
        paths = sorted((folder / 'train').iterdir())
        names, journal = [path.name for path in paths], folder / 'journal'

        def check(workers: int) -> None:
            inspect_images(folder / 'train', names, journal, workers, False)

        def check_anew(workers: int) -> None:
            journal.unlink(missing_ok=True)
            check(workers)

        print(
            f'{args.images} photos, best of {args.repeat}; load '
            f'{os.getloadavg()[0]:.1f} on {cores} cores\n\n'
            '| what | photos a second | ratio |\n|---|---|---|'
        )
        peer = seconds(lambda: read_plainly(paths), args.repeat)
        rows = [('PIL in a loop', peer)]
        for workers in sorted({1, cores}):
            rows.append(
                (
                    f'ours, workers={workers}',
                    seconds(
                        lambda workers=workers: check_anew(workers),
                        args.repeat,
                    ),
                )
            )
        rows.append(('ours, nothing changed', seconds(lambda: check(1), 1)))
        for what, time_taken in rows:
            print(
                f'| {what} | {args.images / time_taken:.1f} | '
                f'{peer / time_taken:.1f}x |'
            )


if __name__ == '__main__':
    main()
