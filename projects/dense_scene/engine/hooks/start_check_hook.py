"""Compare, before the first iteration, what must agree."""

from itertools import chain
from typing import Any

from mmdet.registry import HOOKS
from mmengine.dist import get_world_size
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop, IterBasedTrainLoop, Runner

from ..start_check import classes as names
from ..start_check import counted
from ..start_check import resumed as saved
from ..start_check.findings import Findings
from ..start_check.monitored import check_watched, watched_keys
from ..start_check.schedule import (
    Length,
    check_batch_size,
    check_max_epochs,
    check_schedule,
)
from ..start_check.stock_coco import match_categories


@HOOKS.register_module()
class StartCheckHook(Hook):
    """Refuse, or warn of, what would make a run worthless; a line each.

    Before the first iteration of training, validation or test:

    - Classes. The list of the run is that of the checkpoint where its heads
      go on (a test, a resumed training, the same names), else that of the
      training data. All data sets are put into this list by name; what cannot
      be is refused, and so are heads with fewer outputs than classes.
    - Length. Schedulers are compared with the length of the training, also
      after a checkpoint brought its own, hooks and validation that count
      epochs as well, and the batch with ``auto_scale_lr.base_batch_size``.
    - What goes on. The settings of the optimizer, the averaged weights and
      the iterations of an epoch are compared with those of a checkpoint that
      is resumed, whose own are used.
    - Results. Those that ``save_best``, early stopping and schedulers watch
      must be among those of the evaluation.

    Example:
        >>> default_hooks = dict(start_check=dict(type='StartCheckHook'))
    """

    # Before the hook that hands the data sets to the metrics.
    priority = 'VERY_HIGH'

    def __init__(self) -> None:
        self._checkpoint: names.Classes | None = None
        self._loaded = False
        self._of_checkpoint = Findings()
        self._classes: names.Classes | None = None
        self._trains = False

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Keep the names that its labels have."""
        self._checkpoint = names.checkpoint_classes(checkpoint)
        self._loaded = True
        if not runner._resume or runner._train_loop is None:
            return
        self._of_checkpoint = saved.check_averages(runner.hooks, checkpoint)
        groups = getattr(runner.optim_wrapper, 'optimizer', None)
        groups = getattr(groups, 'param_groups', None)
        if groups and 'optimizer' in checkpoint:
            theirs = checkpoint['optimizer']['param_groups']
            self._of_checkpoint += saved.check_settings(groups, theirs)

    def before_train(self, runner: Runner) -> None:
        """Check a training with its validation."""
        self._trains, resumed = True, runner.train_loop.iter > 0
        findings = self._choose_classes(runner, 'train', resumed)
        dataset = runner.train_loop.dataloader.dataset
        findings += names.check_objects(dataset)
        if runner.val_loop is not None:
            findings += self._put_data(runner, 'val')
        findings += _check_length(runner, resumed)
        if resumed:
            findings += self._of_checkpoint
            findings += _check_counts(runner)
        findings += self._check_results(runner)
        _tell(runner, findings)

    def before_val(self, runner: Runner) -> None:
        """Check a validation that is no part of a training."""
        if not self._trains:
            _tell(runner, self._choose_classes(runner, 'val', True))

    def before_test(self, runner: Runner) -> None:
        """Check a test."""
        if self._trains:  # its classes, not those that it began from
            self._checkpoint = self._classes
        _tell(runner, self._choose_classes(runner, 'test', True))

    def _choose_classes(
        self, runner: Runner, phase: str, goes_on: bool
    ) -> Findings:
        """Find the list of the run and put the data of a phase into it."""
        dataset = getattr(runner, f'{phase}_loop').dataloader.dataset
        classes = names.data_classes(dataset)
        if classes is None:
            self._classes = None
            return Findings()
        sizes = names.head_sizes(runner.model)
        self._classes, findings = names.check_checkpoint(
            classes, self._checkpoint, sizes, goes_on
        )
        if goes_on and self._loaded and self._checkpoint is None:
            findings += names.describe_unnamed(classes)
        findings += names.check_heads(sizes, self._classes)
        findings += self._put_data(runner, phase)
        return findings

    def _put_data(self, runner: Runner, phase: str) -> Findings:
        """Put the data of a phase, and its metrics, into the list."""
        if self._classes is None:
            return Findings()
        loop = getattr(runner, f'{phase}_loop')
        loader = loop.dataloader
        before = getattr(loader.dataset, 'metainfo', None)
        findings = names.put_into_list(loader.dataset, self._classes, phase)
        for metric in _metrics(loop):
            findings += match_categories(metric, self._classes)
        after = getattr(loader.dataset, 'metainfo', None)
        if before != after:
            _tell_loop(runner, loop, after)
        return findings

    def _check_results(self, runner: Runner) -> Findings:
        """Whether what is watched will be there."""
        watched = watched_keys(runner.hooks, _schedulers(runner))
        metrics = [] if runner.val_loop is None else _metrics(runner.val_loop)
        return check_watched(watched, metrics, self._classes or ())


def _check_length(runner: Runner, resumed: bool) -> Findings:
    loop = runner.train_loop
    by_epoch = not isinstance(loop, IterBasedTrainLoop)
    length = Length(loop.max_epochs if by_epoch else None, loop.max_iters)
    findings = check_schedule(_schedulers(runner), length, resumed)
    findings += check_max_epochs(runner.cfg)
    dataset = loop.dataloader.dataset
    findings += counted.check_hooks(runner.hooks, length, dataset)
    if runner.val_loop is not None:
        findings += counted.check_validation(loop, length)
    sampler = getattr(loop.dataloader, 'batch_sampler', None)
    findings += check_batch_size(
        getattr(sampler, 'batch_size', None) or loop.dataloader.batch_size,
        get_world_size(),
        getattr(runner.optim_wrapper, '_accumulative_counts', 1),
        runner.auto_scale_lr,
    )
    return findings


def _check_counts(runner: Runner) -> Findings:
    loop = runner.train_loop
    by_epoch = isinstance(loop, EpochBasedTrainLoop)
    per_epoch = len(loop.dataloader) if by_epoch else None
    schedulers = _schedulers(runner)
    return saved.check_counts(runner.epoch, runner.iter, per_epoch, schedulers)


def _schedulers(runner: Runner) -> list[Any]:
    """All of them; several optimizers have a list each."""
    found = runner.param_schedulers or []
    return list(chain(*found.values()) if isinstance(found, dict) else found)


def _metrics(loop: Any) -> list[Any]:
    return getattr(getattr(loop, 'evaluator', None), 'metrics', [])


def _tell_loop(runner: Runner, loop: Any, meta: dict) -> None:
    """What a loop copied of the metainfo, or began to read, when built."""
    runner.visualizer.dataset_meta = meta
    if evaluator := getattr(loop, 'evaluator', None):
        evaluator.dataset_meta = meta
    if iterator := getattr(loop, 'dataloader_iterator', None):
        # Its workers have the old labels already.
        loop.dataloader._iterator = None
        loop.dataloader_iterator = type(iterator)(loop.dataloader)


def _tell(runner: Runner, findings: Findings) -> None:
    for line in findings.warnings:
        runner.logger.warning(line)
    if findings.errors:
        raise ValueError('\n'.join(findings.errors))
