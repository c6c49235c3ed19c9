"""The whole chain in a few minutes: render, train, evaluate, draw."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from mmengine.logging import print_log

from shelf_scenes.write import write_shelves

from ..inference.draw_predictions import draw_predictions

# Small enough for two CPU cores, and legible.
SCENE_SIZE = 320
OBJECTS = (20, 60)


def run_demo(
    config: Path,
    data_root: Path = Path('data/shelves-demo'),
    out_dir: Path = Path('work_dirs/demo'),
    train_scenes: int = 240,
    val_scenes: int = 40,
    num_pictures: int = 6,
) -> Path:
    """Render shelves, train, evaluate and draw; each step is resumable.

    Args:
        config (Path): A config that reads ``SHELVES_ROOT``.
        data_root (Path): Where the scenes are rendered to.
        out_dir (Path): Checkpoints, logs, metrics and pictures.
        train_scenes (int): Defaults to 240.
        val_scenes (int): Held-out scenes. Defaults to 40.
        num_pictures (int): Held-out scenes that are drawn. Defaults to 6.

    Returns:
        Path: The folder with the pictures.

    Raises:
        RuntimeError: If training or testing fails; names the command.
    """
    start = time.monotonic()
    data_root, out_dir = Path(data_root).resolve(), Path(out_dir).resolve()
    for split, count in (('train', train_scenes), ('val', val_scenes)):
        write_shelves(
            data_root, count, split=split, size=SCENE_SIZE, objects=OBJECTS
        )
    os.environ['SHELVES_ROOT'] = str(data_root)

    mim = [sys.executable, '-m', 'mim']
    resume = ['--resume'] if (out_dir / 'last_checkpoint').exists() else []
    _run(
        [
            *mim,
            'train',
            'mmdet',
            str(config),
            '--work-dir',
            str(out_dir),
            *resume,
        ]
    )
    checkpoint = (out_dir / 'last_checkpoint').read_text().strip()
    _run(
        [
            *mim,
            'test',
            'mmdet',
            str(config),
            '--checkpoint',
            checkpoint,
            '--work-dir',
            str(out_dir),
        ]
    )

    pictures = out_dir / 'pictures'
    shutil.rmtree(pictures, ignore_errors=True)
    draw_predictions(
        config,
        checkpoint,
        data_root / 'annotations' / 'val.json',
        data_root / 'val',
        pictures,
        num_images=num_pictures,
    )
    minutes = (time.monotonic() - start) / 60
    print_log(f'Done in {minutes:.1f} min. Look at {pictures}/', 'current')
    return pictures


def _run(command: Sequence[str]) -> None:
    """Run a command, its output going to the terminal."""
    print_log('$ ' + ' '.join(command), 'current')
    done = subprocess.run(command)
    if done.returncode:
        raise RuntimeError(
            f'this command must succeed, but it ended with code '
            f'{done.returncode}: {" ".join(command)}. Its output above says '
            'why; `make demo` goes on from the last checkpoint.'
        )
