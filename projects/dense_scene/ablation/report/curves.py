"""How the rows trained: losses, Figure 6, proposals."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ...visualization.charts import draw_dots, draw_lines
from ...visualization.page import Section
from ..comparison.results import RowResults, SuiteResults
from ..runs.scalars import read_scalars
from ..runs.stage_losses import LOSSES, exponential_mean, read_stage_losses

_NAMES = dict(loss_cls='classification loss', loss_bbox='localization loss')
_SMOOTH = 0.1  # of the iterations


def training_section(results: SuiteResults) -> Section | None:
    """The loss of the first seed of each row, smoothed."""
    series = {}
    for row, folder in _first_runs(results):
        try:
            lines = _losses(folder)
        except (OSError, ValueError):
            continue
        steps = np.array([line['step'] for line in lines])
        values = np.array([line['loss'] for line in lines], float)
        if len(steps):
            span = _SMOOTH * steps[-1]
            series[row.row.name] = steps, exponential_mean(steps, values, span)
    if not series:
        return None
    values = np.concatenate([y for _, y in series.values()])
    chart = draw_lines(
        series, 'iteration', 'loss, smoothed', log=_spans_orders(values)
    )
    text = 'Of the first seed. Losses of other kinds are not comparable.'
    return Section('Training', figures=[('Loss', chart, text)])


def _spans_orders(values: np.ndarray) -> bool:
    """Whether small values would lie on the axis, as beside YOLO's sums."""
    return bool(values.min() > 0 and values.max() > 100 * values.min())


def _losses(folder: Path) -> list[dict]:
    """A resumed run is one curve: what it did again replaces the first."""
    lines: list[dict] = []
    for line in read_scalars(folder):
        if 'loss' in line:
            while lines and lines[-1]['step'] >= line['step']:
                lines.pop()
            lines.append(line)
    return lines


def stage_section(results: SuiteResults) -> Section | None:
    """Figure 6 of the paper: the losses of each stage."""
    curves: dict[tuple[str, int], dict] = {}
    for row, folder in _first_runs(results):
        try:
            table = read_stage_losses(folder, unweighted=True)
        except (OSError, ValueError):
            continue  # no cascade, or no log
        span = _SMOOTH * table['step'].max()
        for (loss, stage), part in table.groupby(['loss', 'stage']):
            steps = part['step'].to_numpy()
            means = exponential_mean(steps, part['value'].to_numpy(), span)
            key = str(loss), int(stage)
            curves.setdefault(key, {})[row.row.name] = steps, means
    if not curves:
        return None
    figures = []
    for loss, stage in sorted(curves, key=lambda k: (LOSSES.index(k[0]), k)):
        name = f'Stage {stage}, {_NAMES[loss]}'
        chart = draw_lines(curves[loss, stage], 'iteration', _NAMES[loss])
        figures.append((name, chart, 'Divided by the weight of the stage.'))
    return Section(
        'Losses of the stages (Figure 6)',
        text='Of the first seed, smoothed over a tenth of the training.',
        figures=figures,
    )


def proposal_section(results: SuiteResults) -> Section | None:
    """What ProposalQualityHook counted in the last epoch, all seeds."""
    without: dict[str, list[float]] = {}
    overlap: dict[str, list[float]] = {}
    table = []
    for row in results.rows:
        counts = [c for seed in row.runs if (c := _counts(row, seed))]
        if not counts:
            continue
        name = row.row.name
        without[name] = _mean(counts, _without_positive)
        overlap[name] = _mean(counts, _mean_iou)
        table.append(
            [
                name,
                ', '.join(f'{share:.3f}' for share in without[name]),
                ', '.join(f'{iou:.3f}' for iou in overlap[name]),
            ]
        )
    if not table:
        return None
    most = max(map(len, without.values()))
    stages = [f'stage {stage}' for stage in range(1, most + 1)]
    figures = []
    for name, values, label in (
        ('Objects without a positive', without, 'share of objects'),
        ('IoU of the input boxes with their object', overlap, 'mean IoU'),
    ):
        padded = {
            key: [*found, *[np.nan] * (most - len(found))]
            for key, found in values.items()
        }
        chart = draw_dots(padded, stages, label)
        figures.append((name, chart, 'Mean of the seeds, last epoch.'))
    head = ['row', 'objects without a positive', 'mean IoU of inputs']
    return Section('Proposals of each stage', head, table, figures=figures)


def _first_runs(results: SuiteResults) -> Iterator[tuple[RowResults, Path]]:
    for row in results.rows:
        for seed in list(row.runs)[:1]:
            yield row, row.folder / str(seed)


def _counts(row: RowResults, seed: int) -> dict:
    files = (row.folder / str(seed)).glob('*/proposal_quality_train_*.json')
    last = max(files, key=lambda p: int(p.stem.split('_')[-1]), default=None)
    return json.loads(last.read_text()) if last else {}


def _without_positive(counts: dict) -> list[float]:
    objects = max(counts['objects'], 1)
    return [stage[0] / objects for stage in counts['positives_histogram']]


def _mean_iou(counts: dict) -> list[float]:
    pairs = zip(counts['iou_sum'], counts['inputs'])
    return [total / max(boxes, 1) for total, boxes in pairs]


def _mean(counts: list[dict], of) -> list[float]:
    return np.mean([of(one) for one in counts], axis=0).tolist()
