"""A suite's report as one page."""

from __future__ import annotations

import math
from pathlib import Path

from ...visualization.page import Section, write_page
from ..comparison.comparison import Comparison
from ..comparison.results import find_test_data
from ..comparison.table_rows import (
    cost_table,
    main_table,
    metric_table,
    provenance,
    short_name,
)
from .curves import proposal_section, stage_section, training_section
from .scenes import scene_sections


def write_report(
    comparison: Comparison, path: str | Path, scenes: int = 2
) -> Path:
    """Write everything that is known of a suite to one HTML file.

    Args:
        comparison (Comparison): Of :func:`compare_rows`.
        path (str | Path): The file; returned.
        scenes (int): Images of the galleries, 0 for none. Defaults to 2.
    """
    results = comparison.results
    suite = results.suite
    sections = [Section('Results', *main_table(comparison))]
    for metric in suite.metrics:
        table = metric_table(comparison, metric)
        sections.append(Section(short_name(metric), *table))
    sections.append(Section('Time, memory, size', *cost_table(comparison)))
    parts = [training_section, stage_section, proposal_section]
    sections += [part for make in parts if (part := make(results))]
    note = ''
    try:
        where = find_test_data(results)
        sections += scene_sections(results, *where, scenes)
    except FileNotFoundError as error:
        note = f' No errors, density and scenes: {error}'
    sections += _diff_sections(comparison)
    sections.append(_provenance(comparison, note))
    seeds = ', '.join(map(str, suite.seeds))
    rows = f'{len(suite.rows)} rows, seeds {seeds}'
    return write_page(path, suite.title, sections, rows, verdict(comparison))


def verdict(comparison: Comparison) -> str:
    """Which differences of the paper appear in ours, in plain words."""
    metric = comparison.results.suite.metrics[0]
    parts = []
    for row in comparison.results.rows:
        paper = comparison.paper_change(row)
        change = comparison.cells[row.row.name, metric].change
        if paper is None or change is None:
            continue
        said = f'{row.row.name}: paper {paper:+.3f}, ours {change.mean:+.3f}'
        if math.isnan(change.half_width):
            parts.append(f'{said}, one seed')
            continue
        said += f' ± {change.half_width:.3f}'
        if abs(change.mean) <= change.half_width:
            parts.append(f'{said}, not told from chance')
        elif (change.mean > 0) == (paper > 0):
            parts.append(f'{said}, appears')
        else:
            parts.append(f'{said}, the opposite')
    return '; '.join(parts) + '.' * bool(parts)


def _diff_sections(comparison: Comparison) -> list[Section]:
    sections = []
    for row in comparison.results.rows:
        path = row.folder / 'diff.txt'
        if not path.is_file():
            continue
        text = path.read_text(encoding='utf-8').rstrip() or '(none)'
        against = row.row.parent or 'its config file'
        title = f'Config of {row.row.name}'
        lines = f'Differences from {against}; old -> new.'
        sections.append(Section(title, text=lines, code=text))
    return sections


def _provenance(comparison: Comparison, note: str) -> Section:
    head = ['row', 'seed', 'ended', 'seconds', 'config', 'resumed', 'data']
    rows = []
    for run in comparison.results.all_runs():
        data = ', '.join(f'{k} {v[:8]}' for k, v in run.data.items())
        rows.append(
            [
                run.row,
                str(run.seed),
                run.ended,
                f'{run.seconds:.0f}',
                run.config_sha256[:12],
                'yes' if run.resumed else 'no',
                data,
            ]
        )
    first, *others = provenance(comparison)
    code = '\n'.join(others)
    return Section('Provenance', head, rows, first + note, code=code)
