"""Writes rendered scenes to disk: JPEG files and one COCO JSON."""

import json
import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Thread

import cv2
import numpy as np
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from .files import sweep, write_whole
from .layout import plan_scene
from .recipe import Recipe, file_name, to_coco
from .render import draw_scene
from .request import check_number

JPEG_QUALITY = 93


def write_shelves(
    folder: str | Path,
    num_images: int,
    split: str = 'train',
    size: int | tuple[int, int] = 1024,
    seed: int = 0,
    objects: tuple[int, int] | None = None,
    workers: int | None = None,
    progress: bool = True,
) -> Path:
    """Render a data set of shelf scenes in COCO format.

    Writes ``<folder>/<split>/000001.jpg`` and so on, and last
    ``<folder>/annotations/<split>.json`` with one category, 'product'.
    An interrupted run goes on where it stopped when called again; a
    finished one with the same parameters is left as it is. Image i depends
    on (seed, split, i) alone, whatever the number of workers.

    Args:
        folder: Root of the data set; made if absent.
        num_images: Number of images.
        split: 'train', 'val' or 'test'.
        size: Width and height in pixels, or one number for a square.
        seed: Seed of the whole set.
        objects: Fewest and most products in an image; None draws counts
            and covered areas from SKU-110K.
        workers: Processes; None takes all cores, 1 stays in this one.
        progress: Whether to show a progress bar.

    Returns:
        Path of the JSON file.

    Raises:
        TypeError, ValueError: If a parameter makes no sense, the folder
            cannot be written, or it holds something else.
    """
    recipe = Recipe(num_images, split, size, objects, seed)
    if workers is None:
        workers = _available_cores()
    check_number('workers', workers, 1)
    images = Path(folder) / split
    target = Path(folder) / 'annotations' / f'{split}.json'
    console = Console(quiet=not progress)
    if _is_finished(recipe, images, target):
        console.print(f'{target} is complete already; nothing to do.')
        return target
    started = _start(recipe, images, target)
    boxes = _render_all(recipe, images, workers, console)
    write_whole(target, json.dumps(to_coco(recipe, boxes)).encode())
    started.unlink(missing_ok=True)  # or another process has done so
    return target


def finish_image(recipe: Recipe, folder: Path, index: int) -> np.ndarray:
    """Write one image unless it is there; return its boxes either way."""
    rng = np.random.default_rng(recipe.seed_of(index))
    scene = plan_scene(rng, recipe.size, recipe.objects)
    path = folder / file_name(index)
    if not path.exists():
        flag = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
        coded = cv2.imencode('.jpg', draw_scene(scene), flag)[1]
        write_whole(path, coded.tobytes())
    return scene.boxes


def _is_finished(recipe: Recipe, images: Path, target: Path) -> bool:
    """Whether the very set is there; raises if another one is."""
    if not target.exists():
        return False
    _refuse_other(recipe, images, target)
    names = map(file_name, range(recipe.num_images))
    return all((images / name).exists() for name in names)


def _start(recipe: Recipe, images: Path, target: Path) -> Path:
    """Make the folders and note there what is being rendered."""
    started = target.with_name(target.name + '.part')
    try:
        images.mkdir(parents=True, exist_ok=True)
        sweep(images)
        target.parent.mkdir(exist_ok=True)
        # Looked at first: whoever renders the same set notes it before it
        # writes an image, and ends the note after the JSON is there.
        others = not _is_empty(images)
        if started.exists():
            _refuse_other(recipe, images, started)
        elif others and not target.exists():
            raise ValueError(
                f"folder '{images}' must be empty or hold an earlier "
                'rendering, but it holds other files. Choose another '
                'folder.'
            )
        write_whole(started, json.dumps({'info': recipe.info()}).encode())
    except OSError as error:
        raise ValueError(
            f"folder '{images.parent}' must be a folder that can be "
            f'written, but: {error}. Choose another or change its rights.'
        ) from error
    return started


def _is_empty(folder: Path) -> bool:
    return not any(folder.iterdir())


def _refuse_other(recipe: Recipe, images: Path, record: Path) -> None:
    """Raise if a record on disk is of another set than the recipe's."""
    try:
        info = json.loads(record.read_bytes())['info']
        different = recipe.difference(info)
    except FileNotFoundError:
        return  # of a process that has just finished
    except (ValueError, KeyError, TypeError, AttributeError):
        different = 'it was not written by this renderer'
    if different:
        raise ValueError(
            f"'{record}' must be of the data set asked for, but {different}. "
            f"Choose another folder, or delete '{images}' and '{record}'."
        )


def _render_all(
    recipe: Recipe, images: Path, workers: int, console: Console
) -> list[np.ndarray]:
    """Render every image that is missing; collect all boxes in order."""
    task = partial(finish_image, recipe, images)
    with (
        _mapper(min(workers, recipe.num_images)) as spread,
        Progress(
            TextColumn(f'{recipe.split} shelves'),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=console,
        ) as bar,
    ):
        found = spread(task, range(recipe.num_images))
        return list(bar.track(found, total=recipe.num_images))


@contextmanager
def _mapper(workers: int) -> Iterator:
    """Yield a ``map`` over processes, or the plain one for one worker."""
    if workers == 1:
        yield map
        return
    # Forked where it is safe: no time to import. OpenCV's own threads do not
    # survive a fork, so they are ended before and started again after.
    method = 'fork' if sys.platform == 'linux' else 'spawn'
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    context = multiprocessing.get_context(method)
    pool = ProcessPoolExecutor(workers, context, _quiet_worker)
    try:
        yield pool.map
    finally:
        # What has begun is finished, the rest is dropped.
        pool.shutdown(cancel_futures=True)
        cv2.setNumThreads(threads)


def _quiet_worker() -> None:
    """Leave Ctrl-C to the main process, and end with it; use one core."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()  # it never ends before the worker unless it was killed
        os._exit(1)


def _available_cores() -> int:
    if hasattr(os, 'sched_getaffinity'):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
