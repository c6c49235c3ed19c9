"""The cells of the tables of a comparison, as text."""

from __future__ import annotations

from collections.abc import Callable

from ..records.record import RunRecord
from .comparison import Cell, Comparison
from .results import RowResults

NOT_RUN = 'not run'
Table = tuple[list[str], list[list[str]]]


def short_name(metric: str) -> str:
    """'AP@100' of 'coco/bbox_mAP_at100'."""
    name = metric.split('/')[-1].replace('bbox_mAP', 'AP')
    name = name.replace('_at', '@').replace('count_', 'count ')
    return name.replace('_', ' ')


def main_table(comparison: Comparison) -> Table:
    """The paper's metric: paper, ours, difference to the parent, speed."""
    metric = comparison.results.suite.metrics[0]
    head = ['row', 'paper', f'ours, {short_name(metric)}', 'parent']
    head += ['paper - parent', 'ours - parent, by seed', 'p', 'by image']
    head += ['FPS', 'FPS of the model']
    rows = []
    for row in comparison.results.rows:
        cell = comparison.cells[row.row.name, metric]
        paper = comparison.paper_change(row)
        rows.append(
            [
                row.row.name,
                '–' if row.row.paper is None else f'{row.row.paper:.3f}',
                show_mean(cell, len(comparison.results.suite.seeds)),
                row.row.parent or '–',
                '–' if paper is None else f'{paper:+.3f}',
                *_show_change(row, cell, metric),
                *_show_speed(row),
            ]
        )
    return head, rows


def metric_table(comparison: Comparison, metric: str) -> Table:
    """Another metric: ours and the difference to the parent."""
    head = ['row', f'ours, {short_name(metric)}', 'parent']
    head += ['ours - parent, by seed', 'p', 'by image', 'each seed']
    rows = []
    for row in comparison.results.rows:
        cell = comparison.cells[row.row.name, metric]
        each = ' '.join(f'{value:.3f}' for value in cell.values.values())
        mean = show_mean(cell, len(comparison.results.suite.seeds))
        change = _show_change(row, cell, metric)
        rows.append(
            [row.row.name, mean, row.row.parent or '–', *change, each or '–']
        )
    return head, rows


def cost_table(comparison: Comparison) -> Table:
    """Time, memory, size."""
    head = ['row', 'iterations', 's / iteration', 'min of iterations']
    head += ['s / run', 'runs beside each other']
    head += ['GPU MB, training', 'MB, process', 'MB, predicting']
    head += ['parameters, M', 'GMACs']
    rows = []
    for row in comparison.results.rows:
        speed = row.speed
        size = [NOT_RUN] * 3
        if speed:
            size = [f'{speed.memory_mb:.0f}', f'{speed.parameters / 1e6:.2f}']
            size.append(f'{speed.gmacs:.2f}')
        rows.append(
            [
                row.row.name,
                _middle(row, lambda run: run.iterations, '.0f'),
                _middle(row, lambda run: run.seconds_per_iteration, '.3f'),
                _middle(row, _minutes, '.1f'),
                _middle(row, lambda run: run.seconds, '.0f'),
                _middle(row, lambda run: run.jobs_per_device, '.0f'),
                _middle(row, lambda run: run.gpu_memory_mb, '.0f'),
                _middle(row, lambda run: run.memory_mb, '.0f'),
                *size,
            ]
        )
    return head, rows


def provenance(comparison: Comparison) -> list[str]:
    """What the numbers are, and where they come from."""
    runs = list(comparison.results.all_runs())
    seeds = len(comparison.results.suite.seeds)
    lines = [
        'ours: mean ± sample standard deviation over the seeds. ours - '
        "parent, by seed: paired, with Student's 95% interval; p: scipy's "
        'permutation test over the same pairs, which '
        f'{seeds} seeds cannot bring below {2 / 2**seeds:.3g}. by image: '
        '95% interval of the paired bootstrap over the test images, mean '
        'over the seeds. FPS: one image at a time, load, forward and NMS, '
        'warm-up excluded; of the model: without loading.'
    ]
    if minutes := sorted({run.minutes for run in runs if run.minutes}):
        given = ' or '.join(f'{each:g}' for each in minutes)
        lines.append(
            f'Each row was given {given} minutes of training, by a timing '
            'of its own while nothing else ran; "min of iterations" is what '
            'they took in the end, beside other runs.'
        )
    if comparison.note:
        lines.append(comparison.note)
    if not runs:
        return lines
    kinds: list[tuple[str, Callable[[RunRecord], str]]] = [
        ('hardware', lambda run: run.hardware),
        ('commit', lambda run: run.commit),
        ('versions', _versions),
    ]
    for name, of in kinds:
        found = list(dict.fromkeys(map(of, runs)))
        lines.append(f'{name}: {"; ".join(found)}')
    resumed = sum(run.resumed for run in runs)
    lines.append(f'runs: {len(runs)}, of which resumed: {resumed}')
    loads = [
        f'{row.speed.load:.1f}' for row in comparison.results.rows if row.speed
    ]
    if loads:
        lines.append(f'load average before timing: {", ".join(loads)}')
    return lines


def show_mean(cell: Cell, seeds: int) -> str:
    """Mean and deviation, and how many seeds are missing."""
    found = len(cell.values)
    if not found:
        return NOT_RUN
    text = f'{cell.mean:.3f}'
    if found > 1:
        text += f' ± {cell.deviation:.3f}'
    return text + f' ({found} of {seeds} seeds)' * (found < seeds)


def _show_change(row: RowResults, cell: Cell, metric: str) -> list[str]:
    """By seed, p, by image."""
    if row.row.parent is None:
        return ['–'] * 3
    change = cell.change
    if change is None:
        return [NOT_RUN] * 3
    if change.seeds == 1:
        texts = [f'{change.mean:+.3f} (one seed)', '–']
    else:
        texts = [f'{change.mean:+.3f} ± {change.half_width:.3f}']
        texts.append(f'{change.p_value:.3f}')
    images = NOT_RUN if 'mAP_at' in metric else '–'
    if cell.images:
        images = f'{cell.images[0]:+.3f} to {cell.images[1]:+.3f}'
    return [*texts, images]


def _show_speed(row: RowResults) -> list[str]:
    if row.speed is None:
        return [NOT_RUN] * 2
    return [f'{row.speed.fps:.1f}', f'{row.speed.fps_model:.1f}']


def _middle(
    row: RowResults, of: Callable[[RunRecord], float | None], form: str
) -> str:
    """The median over the runs that know it."""
    found = sorted(
        value for run in row.runs.values() if (value := of(run)) is not None
    )
    if not found:
        return '–' if row.runs else NOT_RUN
    return format(found[len(found) // 2], form)


def _minutes(run: RunRecord) -> float | None:
    return run.training_seconds and run.training_seconds / 60


def _versions(run: RunRecord) -> str:
    return ', '.join(f'{k} {v}' for k, v in run.versions.items())
