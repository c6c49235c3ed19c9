"""Render shelves, train a small Cascade R-CNN on them, evaluate and draw.

    dense-scene demo

Takes about five minutes on two cores. Each step goes on where it was stopped.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from argparse import Namespace
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import TextIO

from rich.console import Console

from shelf_scenes.write import write_shelves

from ..utils.child_process import child_process
from .environment import child_environment
from .options import CommandParser, find_config

CONFIG = 'shelves/cascade-rcnn_r18-scratch_demo_shelves.py'
# Small enough for two CPU cores, and legible.
SCENE_SIZE = 320
OBJECTS = (20, 60)
# What mmengine logs: Epoch(train) [2][20/60]  lr: ...  eta: 0:01:02  ...
_STEP = re.compile(r'Epoch\((\w+)\) +(?:\[ *(\d+)\])?\[ *(\d+)/(\d+)\]')
_VALUE = re.compile(
    r' (?:coco/bbox_)?(eta|loss|mAP_at300|mAP_50_at300): (\S+)'
)


def add_arguments(parser: CommandParser) -> None:
    add = parser.add
    add('--config', 'reads SHELVES_ROOT (default: ours)', metavar='FILE')
    add('--data-root', 'scenes', 'data/shelves-demo', metavar='FOLDER')
    add('--out', 'results', 'work_dirs/demo', metavar='FOLDER')


def run(args: Namespace) -> None:
    run_demo(args.config or find_config(CONFIG), args.data_root, args.out)


def run_demo(
    config: str | Path,
    data_root: str | Path = 'data/shelves-demo',
    out_dir: str | Path = 'work_dirs/demo',
    train_scenes: int = 240,
    val_scenes: int = 40,
    num_pictures: int = 6,
) -> Path:
    """Render shelves, train, evaluate and draw; each step is resumable.

    The config reads ``SHELVES_ROOT``; the scenes of val are held out, and
    some of them are drawn. Returns the folder with these pictures.
    """
    start = time.monotonic()
    data_root, out_dir = Path(data_root).resolve(), Path(out_dir).resolve()
    out_dir.mkdir(parents=True, exist_ok=True)
    for split, count in (('train', train_scenes), ('val', val_scenes)):
        write_shelves(data_root, count, split, SCENE_SIZE, objects=OBJECTS)
    os.environ['SHELVES_ROOT'] = str(data_root)

    last = out_dir / 'last_checkpoint'
    resume = ['--resume'] if last.exists() else []
    shared = ['mmdet', str(config), '--work-dir', str(out_dir)]
    mim = [sys.executable, '-m', 'mim']
    _follow([*mim, 'train', *shared, *resume], out_dir / 'train.log')
    checkpoint = last.read_text().strip()
    test = [*mim, 'test', *shared, '--checkpoint', checkpoint]
    _follow(test, out_dir / 'test.log')
    from ..inference.draw_predictions import draw_predictions

    pictures = out_dir / 'pictures'
    shutil.rmtree(pictures, ignore_errors=True)
    with open(out_dir / 'draw.log', 'w') as log, redirect_stdout(log):
        truth, images = data_root / 'annotations/val.json', data_root / 'val'
        where = truth, images, pictures
        draw_predictions(config, checkpoint, *where, num_pictures)
    minutes = (time.monotonic() - start) / 60
    print(f'Done in {minutes:.1f} min. Look at {pictures}/')
    return pictures


def _follow(command: list[str], log: Path) -> None:
    """Run a command; its output goes to a file, the news to the terminal."""
    print(f'{log.stem}: the log is {os.path.relpath(log)}', flush=True)
    pipe = dict(stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    last = deque(maxlen=80)
    with (
        open(log, 'a') as file,
        Console().status('starting') as status,
        child_process(command, env=child_environment(), **pipe) as child,
    ):
        for text, stays in _news(_copy(child.stdout, file, last)):
            if stays:
                print(text, flush=True)
            else:
                status.update(text)
    if child.returncode:
        print(*_cause(list(last)), sep='', end='', file=sys.stderr)
        what = f'{log.stem} must succeed, but got code {child.returncode}'
        raise ChildProcessError(f'{what}. {log} says why; run again to go on.')


def _cause(lines: list[str]) -> list[str]:
    """The last lines before mim's own traceback, which says nothing."""
    # Python 3.10 has a file where later ones say <frozen runpy>.
    runpy = re.compile(r' File ".*\brunpy(\.py|>)"')
    ends = [i - 1 for i, line in enumerate(lines) if runpy.search(line)]
    return lines[: ends[0] if ends else None][-20:]


def _copy(lines: Iterable[str], file: TextIO, last: deque) -> Iterator[str]:
    for line in lines:
        file.write(line)
        file.flush()
        last.append(line)
        yield line


def _news(lines: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """What of a log a user waits for, and whether it is worth a line."""
    split = text = ''
    for line in lines:
        if step := _STEP.search(line):
            split, epoch, done, total = step.groups()
            found = dict(_VALUE.findall(line))
            where = f'epoch {epoch}: ' if epoch else ''
            if 'mAP_at300' in found:
                ap, ap50 = found['mAP_at300'], found['mAP_50_at300']
                yield f'  {where}AP {ap}, AP50 {ap50} at 300 detections', True
            else:
                values = ''.join(f', {k} {v}' for k, v in found.items())
                text = f'  {where}{split} {done}/{total}{values}'
                yield text, False
        elif 'Saving checkpoint' in line:
            yield text, True
        elif split == 'test' and line.startswith(('+', '|')):
            yield line.rstrip(), True
