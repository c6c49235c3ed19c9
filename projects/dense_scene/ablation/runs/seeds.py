"""Runs that differ in their seed, summarised from their logs."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .student_interval import student_interval

_METRICS = ('coco/bbox_mAP@100', 'coco/bbox_mAP@300')


@dataclass(frozen=True)
class SeedStudy:
    """The results of one config under several seeds.

    Args:
        name (str): Of the folder that holds the runs.
        runs (dict[str, dict[str, float]]): For the name of each run (its
            seed), what :func:`read_run` gives.
    """

    name: str
    runs: dict[str, dict[str, float]]

    @property
    def keys(self) -> list[str]:
        """What every run has, in the order of the first."""
        first, *others = self.runs.values()
        return [key for key in first if all(key in run for run in others)]

    def values(self, key: str) -> dict[str, float]:
        """The result of each run."""
        return {seed: run[key] for seed, run in self.runs.items()}


def read_seed_study(
    folder: str | Path, metrics: Sequence[str] = _METRICS
) -> SeedStudy:
    """Read ``folder/<seed>/``, each the ``--work-dir`` of a run.

    Args:
        folder (str | Path): Holds one folder for each seed.
        metrics (Sequence[str]): Validation results to take, as they are
            called in the log.

    Returns:
        SeedStudy: Its name is that of the folder.

    Raises:
        FileNotFoundError: If no run lies there.
        ValueError: If a run is not finished: it has not been validated at its
            end, or ended earlier than another. The line names it.
    """
    folder = Path(folder)
    paths = sorted(p for p in folder.glob('*') if any(p.glob('*/vis_data')))
    if not paths:
        raise FileNotFoundError(
            f'{folder} must hold one work_dir for each seed, but no log of a '
            'run was found. Train with --work-dir '
            f'{folder}/0 --cfg-options randomness.seed=0.'
        )
    runs = {path.name: read_run(path, metrics) for path in paths}
    ends = {path: _last_step(path) for path in paths}
    short, long = min(paths, key=ends.get), max(paths, key=ends.get)
    if ends[short] < ends[long]:
        raise ValueError(
            f'the runs in {folder} must be equally long, but {short.name} '
            f'ends at step {ends[short]} and {long.name} at {ends[long]}. Let '
            'it finish (mim train ... --resume), or take it out.'
        )
    return SeedStudy(folder.name, runs)


def read_run(
    work_dir: str | Path, metrics: Sequence[str] = _METRICS
) -> dict[str, float]:
    """What the logs of one run say at its end.

    Args:
        work_dir (str | Path): The run's; a resumed run has several logs in
            it, which are read in their order.
        metrics (Sequence[str]): Validation results to take.

    Returns:
        dict[str, float]: The latest value of each metric; with a
        ``ProposalQualityHook``, ``stage{k}_objects_without_positive`` of the
        last epoch; ``seconds_per_iteration``, the median; on a GPU
        ``memory_mb``, the most that was logged.

    Raises:
        ValueError: If a metric is not in the logs.
    """
    work_dir = Path(work_dir)
    lines = _read_scalars(work_dir)
    result = {}
    for metric in metrics:
        at = [i for i, line in enumerate(lines) if metric in line]
        if not at or any(map(_is_training, lines[at[-1] :])):
            raise ValueError(
                f'{work_dir} must be a finished run with {metric!r} at the '
                'end of its log, but it is not there. Let it finish (mim '
                'train ... --resume) or name another metric.'
            )
        result[metric] = lines[at[-1]][metric]
    result.update(_read_stages(work_dir))
    training = [line for line in lines if _is_training(line)]
    times = [line['time'] for line in training if 'time' in line]
    if times:
        result['seconds_per_iteration'] = float(np.median(times))
    memory = [line['memory'] for line in training if 'memory' in line]
    if memory:
        result['memory_mb'] = max(memory)
    return result


def format_seed_studies(studies: Sequence[SeedStudy]) -> str:
    """A Markdown table for each key: mean, interval, difference, values.

    Args:
        studies (Sequence[SeedStudy]): The first is the baseline. Differences
            are taken seed by seed, over the seeds that both have.

    Returns:
        str: Intervals are Student's at 95%.
    """
    keys = [k for k in studies[0].keys if all(k in s.keys for s in studies)]
    return '\n\n'.join(_format_key(studies, key) for key in keys) + '\n'


def _format_key(studies: Sequence[SeedStudy], key: str) -> str:
    rows = [
        f'| {key} | mean, 95% interval | minus the first | each seed |',
        '|---|---|---|---|',
    ]
    baseline = studies[0].values(key)
    for study in studies:
        values = study.values(key)
        shared = [seed for seed in values if seed in baseline]
        change = '–'
        if study is not studies[0] and shared:
            change = _format_mean(
                [values[seed] - baseline[seed] for seed in shared], '+'
            )
        each = ', '.join(f'{value:.3f}' for value in values.values())
        mean = _format_mean(list(values.values()))
        rows.append(f'| `{study.name}` | {mean} | {change} | {each} |')
    return '\n'.join(rows)


def _format_mean(values: list[float], sign: str = '') -> str:
    mean, half = student_interval(values)
    if np.isnan(half):
        return f'{mean:{sign}.3f} (one run: no interval)'
    return f'{mean:{sign}.3f} ± {half:.3f}'


def _is_training(line: dict) -> bool:
    return 'loss' in line


def _last_step(work_dir: Path) -> int:
    """Of training; 0 where there was none."""
    lines = filter(_is_training, _read_scalars(work_dir))
    return max((line.get('step', 0) for line in lines), default=0)


def _read_scalars(work_dir: Path) -> list[dict]:
    """The lines of all logs; a line cut off by a crash is left out."""
    lines = []
    for path in sorted(work_dir.glob('*/vis_data/scalars.json')):
        for text in path.read_text().splitlines():
            try:
                line = json.loads(text)
            except json.JSONDecodeError:
                continue
            if isinstance(line, dict):
                lines.append(line)
    return lines


def _read_stages(work_dir: Path) -> dict[str, float]:
    """Share of the objects without a positive, in the last epoch."""
    files = work_dir.glob('*/proposal_quality_train_*.json')
    last = max(files, default=None, key=lambda p: int(p.stem.split('_')[-1]))
    if last is None:
        return {}
    counts = json.loads(last.read_text())
    return {
        f'stage{stage}_objects_without_positive': histogram[0]
        / max(counts['objects'], 1)
        for stage, histogram in enumerate(counts['positives_histogram'], 1)
    }
