"""Runs that differ in their seed, summarized from their logs."""

import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from ...utils.metric_names import current_name
from .scalars import read_scalars

_METRICS = ('coco/bbox_mAP_at100', 'coco/bbox_mAP_at300')


def read_seed_study(
    folder: str | Path, metrics: Sequence[str] = _METRICS
) -> pd.DataFrame:
    """Read ``folder/<seed>/``, each the ``--work-dir`` of a finished run.

    Args:
        folder (str | Path): Holds one folder for each seed.
        metrics (Sequence[str]): Validation results, as the log calls them.

    Returns:
        DataFrame: A row for each run, called as its folder; the index is
        called as ``folder``. A column for each result that all runs have:
        the latest value of each metric, under its name of today; with a
        ``ProposalQualityHook`` ``stage1_objects_without_positive`` and so
        on, of the last epoch;
        ``seconds_per_iteration``, the median; on a GPU ``memory_mb``, the
        most that was logged.
    """
    folder, metrics = Path(folder), list(map(current_name, metrics))
    logs = folder.glob('*/*/vis_data/scalars.json')
    lines = {p: read_scalars(p) for p in sorted({x.parents[2] for x in logs})}
    if not lines:
        what = f'{folder} must hold one work_dir for each seed'
        raise FileNotFoundError(f'{what}, but there is no log of a run.')
    runs = {
        path.name: pd.Series(_read_run(path, lines[path], metrics))
        for path in lines
    }
    ends = {p.name: max([0, *_training(lines[p], 'step')]) for p in lines}
    short, long = min(ends, key=ends.get), max(ends, key=ends.get)
    if ends[short] < ends[long]:
        raise ValueError(
            f'the runs in {folder} must be equally long, but {short} ends at '
            f'step {ends[short]} and {long} at {ends[long]}. Resume it.'
        )
    # What every run has, in the order of the first.
    table = pd.concat(runs, axis=1, join='inner').T
    return table.rename_axis(index=folder.name)


def _read_run(
    work_dir: Path, lines: list[dict], metrics: Sequence[str]
) -> dict[str, float]:
    result = {}
    for metric in metrics:
        at = [i for i, line in enumerate(lines) if metric in line]
        if not at or _training(lines[at[-1] :], 'loss'):
            raise ValueError(
                f'{work_dir} must be a finished run with {metric!r} at the '
                'end of its log, but it is not there. Resume it.'
            )
        result[metric] = lines[at[-1]][metric]
    files = work_dir.glob('*/proposal_quality_train_*.json')
    if files := sorted(files, key=lambda p: int(p.stem.split('_')[-1])):
        counts = json.loads(files[-1].read_text())
        for stage, positives in enumerate(counts['positives_histogram'], 1):
            share = positives[0] / max(counts['objects'], 1)
            result[f'stage{stage}_objects_without_positive'] = share
    if times := _training(lines, 'time'):
        result['seconds_per_iteration'] = np.median(times)
    if memory := _training(lines, 'memory'):
        result['memory_mb'] = max(memory)
    return result


def _training(lines: list[dict], key: str) -> list[float]:
    """A value of the training iterations."""
    return [line[key] for line in lines if 'loss' in line and key in line]


def format_seed_studies(studies: Sequence[pd.DataFrame]) -> str:
    """Markdown: a table for each key, with Student's intervals at 95%.

    ``studies`` are of :func:`read_seed_study`, first the baseline.
    Differences are taken seed by seed, where both have it.
    """
    keys = [k for k in studies[0] if all(k in study for study in studies)]
    return '\n\n'.join(_format_key(studies, key) for key in keys) + '\n'


def _format_key(studies: Sequence[pd.DataFrame], key: str) -> str:
    rows = [
        f'| {key} | mean, 95% interval | minus the first | each seed |',
        '|---|---|---|---|',
    ]
    for study in studies:
        values, change = study[key], '–'
        gains = (values - studies[0][key]).dropna()  # by name of the seed
        if study is not studies[0] and len(gains):
            change = _format_mean(gains, '+')
        each = ', '.join(f'{value:.3f}' for value in values)
        name, mean = study.index.name, _format_mean(values)
        rows.append(f'| `{name}` | {mean} | {change} | {each} |')
    return '\n'.join(rows)


def _format_mean(values: Sequence[float], sign: str = '') -> str:
    mean, half = student_interval(values)
    if np.isnan(half):
        return f'{mean:{sign}.3f} (one run: no interval)'
    return f'{mean:{sign}.3f} ± {half:.3f}'


def student_interval(
    values: Sequence[float], level: float = 0.95
) -> tuple[float, float]:
    """The mean, and half the width of Student's interval around it.

    ``mean +- t_{(1 + level) / 2, n - 1} s / sqrt(n)``, with ``s`` the sample
    standard deviation: for results that are about normal. With three seeds t
    is 4.30, so the interval is wide, and rightly so. The half width is nan
    for a single value, which says nothing about its own spread.
    """
    count, mean = len(values), float(np.mean(values))
    if count == 1:
        return mean, math.nan
    # scipy.stats has both, and takes longer to load than all the rest.
    quantile = stdtrit(count - 1, (1 + level) / 2)
    return mean, float(quantile * np.std(values, ddof=1) / count**0.5)
