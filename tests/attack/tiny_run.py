"""The smallest run of mmengine: a linear layer, eight samples."""

import multiprocessing
import os
import random
import sys
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np
import torch
import torch._dynamo  # by the first optimizer: here once for all children
from mmdet.registry import DATASETS, HOOKS, METRICS, MODELS
from mmengine.config import Config
from mmengine.evaluator import BaseMetric
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from torch import nn
from torch.nn.functional import mse_loss
from torch.utils.data import Dataset

import dense_scene  # noqa: F401
from dense_scene.engine.checkpoints import latest
from dense_scene.engine.hooks import whole_checkpoint_hook as hook_module

RUNTIME = Path(__file__).parents[2] / 'configs/_base_/dense_scene_runtime.py'

_SERVER = multiprocessing.get_context('forkserver')
_SERVER.set_forkserver_preload(['tests.attack.tiny_run'])


@MODELS.register_module()
class TinyModel(BaseModel):
    """Uses torch's random numbers, by dropout."""

    def __init__(self, width: int = 3):
        super().__init__()
        self.layer = nn.Linear(width, 1)
        self.norm = nn.BatchNorm1d(width)

    def forward(self, inputs, target, mode='tensor'):
        values = nn.functional.dropout(self.norm(inputs), 0.5, self.training)
        found = self.layer(values)
        if mode == 'loss':
            return dict(loss=mse_loss(found, target))
        return [dict(error=e) for e in (found - target).abs().flatten()]


@DATASETS.register_module()
class TinyDataset(Dataset):
    """Uses the random numbers of NumPy and Python, as augmentations do."""

    metainfo = dict(classes=('a',))

    def __init__(self, size: int = 8, width: int = 3):
        self.size, self.width = size, width

    def __len__(self):
        return self.size

    def __getitem__(self, index):
        values = torch.full((self.width,), float(index))
        values += float(np.random.rand()) + random.random()
        return dict(inputs=values, target=values[:1] * 2)


@METRICS.register_module()
class TinyMetric(BaseMetric):
    """A score by epoch from a list, so that tests choose the best."""

    default_prefix = 'tiny'

    def __init__(self, scores):
        super().__init__()
        self.scores = scores

    def process(self, data_batch, data_samples):
        self.results.extend(s['error'].item() for s in data_samples)

    def compute_metrics(self, results):
        runner = Moments.runner
        score = self.scores[runner.epoch - 1] if runner.epoch else 0
        return dict(score=score, error=float(np.mean(results)))


@HOOKS.register_module()
class Moments(Hook):
    """Ends the process at a named moment, without any clean-up.

    'write': a checkpoint is half written. 'written': it is, and has not its
    name yet. 'remove': a file is to be removed. 'pointer': last_checkpoint is
    to be written. 'val', 'val_end': a validation begins, its metrics are
    there. 'iter': an iteration ends.
    """

    runner: Runner

    def __init__(self, die=None):
        self.name, self.left = die or (None, 0)

    def pass_by(self, name):
        if name == self.name:
            self.left -= 1
            if self.left == 0:
                os._exit(9)

    def before_run(self, runner):
        Moments.runner = runner
        backend = hook_module.WholeFiles
        stock_put = backend.put

        def put(self_, obj, filepath):
            if self.name == 'write' and self.left == 1:
                whole_file = hook_module.whole_file
                with whole_file(filepath) as part:
                    part.write_bytes(obj[: len(obj) // 2])
                    self.pass_by('write')
            self.pass_by('write')
            stock_put(self_, obj, filepath)
            self.pass_by('written')

        backend.put = put
        stock_remove = backend.remove

        def remove(self_, filepath):
            self.pass_by('remove')
            stock_remove(self_, filepath)

        backend.remove = remove
        stock_text = hook_module.write_text

        def write_text(path, pieces):
            if Path(path).name == latest.POINTER:
                self.pass_by('pointer')
            stock_text(path, pieces)

        hook_module.write_text = write_text

    def before_val(self, runner):
        self.pass_by('val')

    def before_val_epoch(self, runner):
        np.random.rand(3)  # a validation may use random numbers
        torch.rand(3)

    def after_val_epoch(self, runner, metrics=None):
        self.pass_by('val_end')

    def after_train_iter(self, runner, *args, **kwargs):
        self.pass_by('iter')


def config(
    work_dir,
    epochs=3,
    scores=(1, 3, 2, 4),
    resume=False,
    load_from=None,
    die=None,
    width=3,
    workers=0,
    keep=2,
    best='tiny/score',
    val_interval=1,
):
    cfg = Config.fromfile(RUNTIME)
    loader = dict(
        batch_size=2,
        num_workers=workers,
        persistent_workers=workers > 0,
        collate_fn=dict(type='default_collate'),
        dataset=dict(type='TinyDataset', width=width),
    )
    val = dict(loader, sampler=dict(type='DefaultSampler', shuffle=False))
    cfg.merge_from_dict(
        dict(
            model=dict(type='TinyModel', width=width),
            train_dataloader=dict(
                loader, sampler=dict(type='DefaultSampler', shuffle=True)
            ),
            val_dataloader=val,
            test_dataloader=val,
            train_cfg=dict(
                by_epoch=True, max_epochs=epochs, val_interval=val_interval
            ),
            val_cfg=dict(),
            test_cfg=dict(),
            val_evaluator=dict(type='TinyMetric', scores=list(scores)),
            test_evaluator=dict(type='TinyMetric', scores=list(scores)),
            optim_wrapper=dict(
                optimizer=dict(type='SGD', lr=0.01, momentum=0.9)
            ),
            work_dir=str(work_dir),
            resume=resume,
            load_from=load_from,
        )
    )
    cfg.default_hooks.checkpoint.update(
        save_best=best, rule='greater', max_keep_ckpts=keep
    )
    cfg.default_hooks.pop('visualization')
    cfg.custom_hooks = [
        dict(type='PlainCheckpointHook'),
        dict(type='Moments', die=die, priority='LOWEST'),
    ]
    cfg.visualizer = dict(type='Visualizer', vis_backends=[])
    return cfg


def build(work_dir, **kwargs) -> Runner:
    init_default_scope('mmdet')
    cfg = config(work_dir, **kwargs)
    cfg.experiment_name = f'{Path(work_dir).name}-{os.urandom(4).hex()}'
    return Runner.from_cfg(cfg)


def start(work_dir, **kwargs) -> BaseProcess:
    """Begin a training in a process of its own; what it prints goes to .log.

    Forked from a process that has imported torch and mmdet, which takes
    seconds, and has not trained: autograd refuses to work in a fork of one
    that has had threads for a device, a pretended one among them.
    """
    os.makedirs(work_dir, exist_ok=True)
    Path(f'{work_dir}.log').write_text('')
    process = _SERVER.Process(target=_begin, args=(str(work_dir), kwargs))
    process.start()
    return process


def train(work_dir, **kwargs) -> tuple[int, str]:
    """Train, and wait for the end; the exit code and what was printed."""
    process = start(work_dir, **kwargs)
    process.join()
    return process.exitcode, Path(f'{work_dir}.log').read_text()


def _begin(work_dir: str, kwargs: dict) -> None:
    printed = open(f'{work_dir}.log', 'w', buffering=1)  # noqa: SIM115
    sys.stdout = sys.stderr = printed
    code = _code_of(work_dir, kwargs)
    printed.flush()
    os._exit(code)


def _code_of(work_dir, kwargs):
    try:
        torch.set_num_threads(1)
        build(work_dir, **kwargs).train()
    except Exception as error:
        print(f'FAILED {type(error).__name__}: {error}')
        return 1
    return 0
