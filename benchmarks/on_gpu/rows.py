"""The baseline and dense sampling on nuclei, as far as the time goes.

The recipe is the config's own (R18 of half width, 3 epochs, one seed). A row
that runs out of time stops after an epoch, and says so.
"""

import os
import tempfile
import time
from pathlib import Path

from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner

from .bench import Bench
from .paths import ROOT

NUCLEI = 'configs/nuclei/cascade-rcnn_r18-scratch_{}_1xb4-3e_nuclei.py'
ROWS = {'baseline': 'fpn', 'dense sampling': 'fpn_dense-proposal'}


class Watch(Hook):
    """Records every validation, and ends the training in time."""

    priority = 'LOWEST'

    def __init__(self, bench: Bench, row: str, seconds: float) -> None:
        self.bench, self.row = bench, row
        self.start = time.monotonic()
        self.seconds, self.iterations = seconds, []

    def before_train_iter(self, runner, batch_idx, data_batch=None) -> None:
        self.iterations.append(time.monotonic())

    def after_train_epoch(self, runner) -> None:
        if time.monotonic() - self.start > self.seconds:
            runner.train_loop.stop_training = True

    def after_val_epoch(self, runner, metrics=None) -> None:
        pairs = zip(self.iterations, self.iterations[1:])
        steps = sorted(end - start for start, end in pairs)
        loop = runner.train_loop
        self.bench.note(
            f'{self.row}, epoch {loop.epoch} of {loop.max_epochs}',
            seconds=time.monotonic() - self.start,
            iterations=len(self.iterations),
            median_iteration_s=steps[len(steps) // 2] if steps else None,
            **{
                key: value
                for key, value in (metrics or {}).items()
                if isinstance(value, (int, float))
            },
        )


def measure(bench: Bench) -> None:
    """One after the other; each gets half of the time."""
    folder = Path(os.environ.get('NUCLEI_ROOT', ROOT / 'data/nuclei'))
    if not bench.dry and not (folder / 'train.json').is_file():
        bench.note('nuclei', error=f'not run: {folder} has no train.json')
        return
    for left, (row, part) in zip((2, 1), ROWS.items()):
        with bench.row(row), tempfile.TemporaryDirectory() as work_dir:
            train(bench, row, part, bench.left() / left, work_dir)


def train(
    bench: Bench, row: str, part: str, seconds: float, work_dir: str
) -> None:
    """Train a row for about so many seconds."""
    if bench.dry:
        os.environ['NUCLEI_ROOT'] = write_tiny(Path(work_dir))
    config = Config.fromfile(ROOT / NUCLEI.format(part))
    config.work_dir, config.log_level = work_dir, 'WARNING'
    config.visualizer.vis_backends = []
    config.default_hooks.checkpoint = None
    config.custom_hooks = []
    if bench.dry:
        config.train_cfg.max_epochs = 1
        config.param_scheduler = None
        config.train_dataloader.dataset.pipeline[2].scales = [(96, 64)]
        for loader in (config.train_dataloader, config.val_dataloader):
            loader.update(num_workers=0, persistent_workers=False)
    runner = Runner.from_cfg(config)
    runner.register_hook(Watch(bench, row, seconds))
    runner.train()


def write_tiny(folder: Path) -> str:
    """Two images in the layout of nuclei."""
    from dense_scene.testing import tiny_coco

    content = tiny_coco(folder).read_text()
    for split in ('train', 'val'):
        (folder / f'{split}.json').write_text(
            content.replace('"name": "object"', '"name": "nucleus"')
        )
    return f'{folder}/'
