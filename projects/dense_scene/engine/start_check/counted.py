"""Hooks and loops that count epochs, against the training they belong to."""

from collections.abc import Iterable
from typing import Any

from mmdet.engine.hooks import PipelineSwitchHook
from mmengine.hooks import CheckpointHook
from mmengine.runner import BaseLoop

from ...datasets.parts import inner_datasets
from .findings import Findings
from .schedule import Length


def check_hooks(
    hooks: Iterable[Any], length: Length, dataset: Any
) -> Findings:
    """Whether hooks act within the training, on its data.

    Args:
        hooks (Iterable): Of the runner.
        length (Length): Of the training.
        dataset: Of its training.
    """
    findings = Findings()
    for hook in hooks:
        if isinstance(hook, CheckpointHook):
            findings.warnings += _saves_late(hook, length)
        elif isinstance(hook, PipelineSwitchHook):
            findings.warnings += _switches(hook, length, dataset)
    return findings


def check_validation(loop: BaseLoop, length: Length) -> Findings:
    """Whether a training with validation data is ever validated."""
    begin = getattr(loop, 'val_begin', 0)
    if begin <= length.total:
        return Findings()
    line = (
        f'train_cfg.val_begin is {begin}, but the training ends at '
        f'{length.unit} {length.total}: it is never validated, and has no '
        'best checkpoint.'
    )
    return Findings(warnings=[line])


def _saves_late(hook: CheckpointHook, length: Length) -> list[str]:
    if not hook.by_epoch or length.max_epochs is not None:
        return []
    return [
        'CheckpointHook counts epochs, but the training iterations: nothing '
        'is saved before its end. Set by_epoch=False, and interval to a '
        'number of iterations.'
    ]


def _switches(
    hook: PipelineSwitchHook, length: Length, dataset: Any
) -> list[str]:
    lines, last = [], length.max_epochs
    if last is not None and hook.switch_epoch >= last:
        lines.append(
            f'PipelineSwitchHook switches at epoch {hook.switch_epoch}, but '
            f'the training ends at {last}: it never does. Set switch_epoch.'
        )
    if inner_datasets(dataset) and not hasattr(dataset, 'pipeline'):
        lines.append(
            'PipelineSwitchHook changes the pipeline of the data set itself, '
            f'but {type(dataset).__name__} has none: it does nothing.'
        )
    return lines
