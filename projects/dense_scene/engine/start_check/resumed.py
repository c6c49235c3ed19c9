"""What a training that goes on takes from its checkpoint, not its config."""

from collections.abc import Iterable, Mapping
from typing import Any

from mmengine.hooks import EMAHook
from mmengine.optim.scheduler.param_scheduler import (
    ReduceOnPlateauParamScheduler,
    _ParamScheduler,
)

from .findings import Findings

_START = "To use the config's, start from its weights (no --resume)."


def check_settings(
    groups: Iterable[Mapping], saved: Iterable[Mapping]
) -> Findings:
    """Whether the optimizer of the config has the settings of the saved one.

    Args:
        groups (Iterable[Mapping]): ``param_groups`` as the config builds them.
        saved (Iterable[Mapping]): Those of the checkpoint, which are used.
    """
    findings = Findings()
    for mine, theirs in zip(groups, saved):
        mine, theirs = _settings(mine), _settings(theirs)
        if lacking := sorted(mine.keys() ^ theirs.keys()):
            findings.errors.append(
                'the optimizer must be that of the checkpoint, but '
                f'{", ".join(lacking)} is only in one of them. {_START}'
            )
            return findings
        for name, value in mine.items():
            if theirs[name] != value:
                findings.warnings.append(
                    f'{name} of the config is {value}, but the training goes '
                    f'on with that of its checkpoint, {theirs[name]}. {_START}'
                )
        if findings.warnings:  # the other groups are multiples of it
            break
    return findings


def check_averages(hooks: Iterable[Any], checkpoint: Mapping) -> Findings:
    """Whether averaged weights go on to be averaged."""
    has_hook = any(isinstance(hook, EMAHook) for hook in hooks)
    if has_hook or 'ema_state_dict' not in checkpoint:
        return Findings()
    line = (
        'the checkpoint holds averaged weights and, beside them, those that '
        'were trained, but the config has no EMAHook: the training goes on '
        'with the averaged ones.'
    )
    return Findings(warnings=[line])


def check_counts(
    epoch: int,
    iteration: int,
    per_epoch: int | None,
    schedulers: Iterable[_ParamScheduler],
) -> Findings:
    """Whether the run, its data and its schedulers are at one moment.

    Args:
        epoch (int): That were trained.
        iteration (int): That were trained.
        per_epoch (int, optional): Iterations of an epoch; None where a loop
            counts iterations only.
        schedulers (Iterable[_ParamScheduler]): With the checkpoint's state.
    """
    findings = Findings()
    if per_epoch is not None and iteration != epoch * per_epoch:
        findings.warnings.append(
            f'the checkpoint counts {iteration} iterations in {epoch} epochs, '
            f'but an epoch has {per_epoch} now: what counts iterations goes '
            'on from there. Another batch size or other data make another '
            'training: start it from the weights (no --resume).'
        )
        return findings
    for scheduler in schedulers:
        step = epoch if scheduler.by_epoch else iteration
        # Not last_step, which stays where the scheduler ended.
        own = scheduler.state_dict().get('_global_step', step)
        plateau = isinstance(scheduler, ReduceOnPlateauParamScheduler)
        if not plateau and own != step:
            unit = 'epoch' if scheduler.by_epoch else 'iteration'
            findings.warnings.append(
                f'{type(scheduler).__name__} is at step {own}, but the '
                f'training at {unit} {step}: the checkpoint does not have its '
                'state.'
            )
    return findings


def _settings(group: Mapping) -> dict[str, Any]:
    """What a config says, as it was before schedulers changed it."""
    # The numbers of its parameters; what momentum schedulers add to Adam.
    left_out = {'params'} | ({'momentum'} if 'betas' in group else set())
    # Others than numbers depend on the version of torch.
    return {
        name: _plain(group.get(f'initial_{name}', value))
        for name, value in group.items()
        if _is_number(value)
        and name not in left_out
        and not name.startswith('initial_')
    }


def _is_number(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return bool(value) and all(map(_is_number, value))
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
