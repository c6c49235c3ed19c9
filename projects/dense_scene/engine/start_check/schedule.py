"""Whether schedulers and batch size are those of this training."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from mmengine.optim.scheduler.param_scheduler import (
    ConstantParamScheduler,
    ExponentialParamScheduler,
    ReduceOnPlateauParamScheduler,
    StepParamScheduler,
    _ParamScheduler,
)

from .findings import Findings

# They may end later than the training: what they do until then is the same.
_STEADY = (
    ConstantParamScheduler,
    ExponentialParamScheduler,
    ReduceOnPlateauParamScheduler,
    StepParamScheduler,
)
# mmdet's own schedules change lr for the last time after two thirds of the
# training or later.
_LAST_CHANGE = 0.6
# YOLOX's period is 285 epochs, of which the first 5 are a warm-up.
_LONGEST_PERIOD = 1.1
_DERIVE = 'Leave out end and T_max: they follow from the length then.'
_MOVE = 'Set begin, end and milestones for this length.'


class Length(NamedTuple):
    """How long a training is; without ``max_epochs`` it counts iterations."""

    max_epochs: int | None
    max_iters: int

    @property
    def unit(self) -> str:
        """What the training counts."""
        return 'iteration' if self.max_epochs is None else 'epoch'

    @property
    def total(self) -> int:
        """The length in that unit."""
        return self.max_epochs or self.max_iters

    def steps(self, scheduler: _ParamScheduler) -> int:
        """The length as a scheduler counts it."""
        return self.total if scheduler.by_epoch else self.max_iters


def check_schedule(
    schedulers: Iterable[_ParamScheduler], length: Length, resumed: bool
) -> Findings:
    """Whether the schedulers end, rise and fall within the training.

    Args:
        schedulers (Iterable[_ParamScheduler]): As they are: a checkpoint that
            is resumed overwrites the lengths of the config with its own.
        length (Length): Of the training.
        resumed (bool): Whether it goes on from a checkpoint.
    """
    findings, ends, changes = Findings(), [], []
    for scheduler in schedulers:
        if scheduler.by_epoch and length.max_epochs is None:
            findings.warnings.append(
                f'{type(scheduler).__name__} counts epochs, but the training '
                'iterations: it never acts. Set by_epoch=False.'
            )
            continue
        steps = length.steps(scheduler)
        for what, step, remedy in _faults(scheduler, steps):
            at = f'{length.unit} {length.total * step / steps:g}'
            findings.warnings.append(
                f'{type(scheduler).__name__} {what} {at}, but the training '
                f'ends at {length.total}. {remedy}'
            )
        if not _is_warm_up(scheduler):
            ends.append(length.total * scheduler.end / steps)
            changes.append(length.total * _last_change(scheduler) / steps)
    fault, remedy = '', _MOVE
    if ends and max(ends) < length.total:
        fault = f'ends at {length.unit} {max(ends):g}'
        remedy = 'Set it, or leave it out, for this length.'
    elif changes and max(changes) < _LAST_CHANGE * length.total:
        fault = f'acts for the last time at {length.unit} {max(changes):g}'
    if fault:
        if resumed:
            remedy = 'The checkpoint brings the length that it was made for.'
        findings.warnings.append(
            f'the schedule {fault}, but the training ends at {length.total}: '
            f'lr stays as it is then. {remedy}'
        )
    return findings


def check_batch_size(
    batch_size: int, processes: int, accumulated: int, auto: Mapping | None
) -> Findings:
    """Whether lr is that of the batch; ``auto`` is ``auto_scale_lr``."""
    base = (auto or {}).get('base_batch_size')
    total = batch_size * processes * accumulated
    if base is None or base == total:
        return Findings()
    if (auto or {}).get('enable'):
        line = (
            f'auto_scale_lr scales lr to batches of {batch_size * processes} '
            f'and does not count accumulative_counts = {accumulated}, which '
            f'makes them {total}. Set lr for these, and enable=False.'
        )
        return Findings(warnings=[line] if accumulated > 1 else [])
    parts = [f'{batch_size} images']
    parts += [f'{processes} processes'] * (processes > 1)
    parts += [f'{accumulated} accumulated'] * (accumulated > 1)
    line = (
        f'lr is meant for batches of {base} (auto_scale_lr.base_batch_size), '
        f'but they have {" x ".join(parts)}. Train with --auto-scale-lr, or '
        'set lr and base_batch_size.'
    )
    return Findings(warnings=[line])


def check_max_epochs(config: Mapping) -> Findings:
    """Whether a ``max_epochs`` at the top of a config is the one that counts.

    Base files compute their schedules from it; in a child it does nothing.
    """
    given = config.get('max_epochs')
    used = (config.get('train_cfg') or {}).get('max_epochs')
    if given is None or used is None or given == used:
        return Findings()
    line = (
        f'max_epochs = {given} at the top of the config does nothing by '
        f'itself: train_cfg.max_epochs is {used}. Set that one, and what the '
        'base file computed from max_epochs.'
    )
    return Findings(warnings=[line])


def _faults(
    scheduler: _ParamScheduler, steps: int
) -> list[tuple[str, float, str]]:
    """What lies behind the end of the training: fault, step and remedy."""
    begin, end = scheduler.begin, min(scheduler.end, steps)
    if begin >= steps:
        return [('begins at', begin, _MOVE)]
    late = [m for m in getattr(scheduler, 'milestones', ()) if m >= steps]
    faults = [('has a step at', min(late), _MOVE)] if late else []
    if not isinstance(scheduler, _STEADY) and scheduler.end > steps:
        remedy = _MOVE if _is_warm_up(scheduler) else _DERIVE
        faults.append(('ends at', scheduler.end, remedy))
    period, remedy = _period(scheduler)
    if period is None or faults:
        return faults
    if period < end - begin - 1:
        after = 'lets lr rise again from'
        if not hasattr(scheduler, 'T_max'):  # mmengine stops there
            after = 'has nothing to say from'
        return [(after, begin + period, remedy)]
    if period > _LONGEST_PERIOD * (end - begin) + 1:
        return [('is at its lowest at', begin + period, remedy)]
    return []


def _period(scheduler: _ParamScheduler) -> tuple[int | None, str]:
    """After how many steps lr is at its lowest, and what to do about it."""
    if periods := getattr(scheduler, 'cumulative_periods', None):
        return periods[-1], 'Let periods add up to this length.'
    if total := getattr(scheduler, 'total_steps', None):  # OneCycleLR
        return total, 'Leave out total_steps and end: they follow from it.'
    return getattr(scheduler, 'T_max', None), _DERIVE


def _is_warm_up(scheduler: _ParamScheduler) -> bool:
    """Whether it brings lr up to what the optimizer says, and no more."""
    rises = getattr(scheduler, 'end_factor', 0) > getattr(
        scheduler, 'start_factor', 0
    )
    constant = isinstance(scheduler, ConstantParamScheduler)
    named = 'warmup' in type(scheduler).__name__.lower()
    return rises or named or (constant and scheduler.begin == 0)


def _last_change(scheduler: _ParamScheduler) -> float:
    if milestones := getattr(scheduler, 'milestones', None):
        return max(milestones)
    if isinstance(scheduler, ConstantParamScheduler):
        return scheduler.begin
    return scheduler.end
