"""Whether the results that hooks and schedulers watch will be there."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from mmengine.evaluator import BaseMetric
from mmengine.hooks import CheckpointHook, EarlyStoppingHook

from ...utils.metric_names import current_name
from .findings import Findings


def watched_keys(hooks: Iterable[Any], schedulers: Iterable[Any]) -> dict:
    """Who watches which result: ``{key: 'CheckpointHook.save_best'}``."""
    keys = {}
    for hook in hooks:
        if isinstance(hook, CheckpointHook) and hook.save_best is not None:
            for key in hook.key_indicators:
                keys[key] = 'CheckpointHook.save_best'
        elif isinstance(hook, EarlyStoppingHook):
            keys[hook.monitor] = 'EarlyStoppingHook.monitor'
    for scheduler in schedulers:
        if monitor := getattr(scheduler, 'monitor', None):
            keys[monitor] = f'{type(scheduler).__name__}.monitor'
    keys.pop('auto', None)  # the first one of an evaluation
    return keys


def check_watched(
    watched: dict[str, str],
    metrics: Iterable[BaseMetric],
    classes: tuple[str, ...],
) -> Findings:
    """Whether the metrics will give every key that is watched.

    Metrics that do not tell their names beforehand (``result_names``) may
    give any name with their prefix.
    """
    names, open_prefixes = [], []
    for metric in metrics:
        if hasattr(metric, 'result_names'):
            names += metric.result_names(classes)
        else:
            open_prefixes.append(f'{metric.prefix}/' if metric.prefix else '')
    findings = Findings()
    for key, who in watched.items():
        if key in names or any(map(key.startswith, open_prefixes)):
            continue
        today = current_name(key)
        near = [today] * (today in names) or get_close_matches(key, names, 3)
        listed = ', '.join(near or names[:3]) or 'none: there is no val loop'
        findings.errors.append(
            f'{who} must be a result of the evaluation, but got {key!r}. '
            f'There is {listed}.'
        )
    return findings
