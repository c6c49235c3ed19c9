"""A comparison as Markdown, CSV and LaTeX."""

import csv
import io
import math
from collections.abc import Sequence

from .comparison import Comparison
from .table_rows import (
    Table,
    cost_table,
    main_table,
    metric_table,
    provenance,
    short_name,
)

FORMATS = ('markdown', 'csv', 'latex')
_LATEX = {
    '\\': r'\textbackslash{}',
    **{c: f'\\{c}' for c in '&%$#_{}'},
    '~': r'\textasciitilde{}',
    '^': r'\textasciicircum{}',
    '±': r'$\pm$',
    '–': '--',
}
_CSV = (
    'row',
    'parent',
    'metric',
    'paper',
    'seeds',
    'mean',
    'sd',
    'each_seed',
    'paper_minus_parent',
    'minus_parent',
    'student_half_width',
    'permutation_p',
    'bootstrap_low',
    'bootstrap_high',
    'fps',
    'fps_model',
    'parameters',
    'gmacs',
)


def format_comparison(comparison: Comparison, kind: str = 'markdown') -> str:
    """The text of one of ``FORMATS``; the CSV has full precision."""
    forms = dict(markdown=_markdown, csv=_csv, latex=_latex)
    return forms[kind](comparison)


def _markdown(comparison: Comparison) -> str:
    suite = comparison.results.suite
    parts = [f'# {suite.title}', _pipes(main_table(comparison))]
    for metric in suite.metrics:
        parts.append(f'## {short_name(metric)}')
        parts.append(_pipes(metric_table(comparison, metric)))
    parts += ['## Time, memory, size', _pipes(cost_table(comparison))]
    return '\n\n'.join([*parts, *provenance(comparison)]) + '\n'


def _pipes(table: Table) -> str:
    head, rows = table
    lines = [head, ['---'] * len(head), *rows]
    cells = [[cell.replace('|', '\\|') for cell in line] for line in lines]
    return '\n'.join(f'| {" | ".join(line)} |' for line in cells)


def _csv(comparison: Comparison) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator='\n')
    writer.writerow(_CSV)
    results = comparison.results
    for metric in results.suite.metrics:
        first = metric == results.suite.metrics[0]
        for row in results.rows:
            cell = comparison.cells[row.row.name, metric]
            change, speed = cell.change, row.speed
            values = [
                row.row.name,
                row.row.parent,
                metric,
                row.row.paper if first else None,
                len(cell.values),
                cell.mean,
                cell.deviation,
                ' '.join(map(str, cell.values.values())),
                _rounded(comparison.paper_change(row)) if first else None,
                change and change.mean,
                change and change.half_width,
                change and change.p_value,
                *(cell.images or (None, None)),
                speed and speed.fps,
                speed and speed.fps_model,
                speed and speed.parameters,
                speed and speed.gmacs,
            ]
            writer.writerow([_blank(value) for value in values])
    return out.getvalue()


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def _blank(value: object) -> object:
    missing = value is None or (isinstance(value, float) and math.isnan(value))
    return '' if missing else value


def _latex(comparison: Comparison) -> str:
    head, rows = main_table(comparison)
    lines = [
        f'% {comparison.results.suite.title}',
        f'\\begin{{tabular}}{{l{"r" * (len(head) - 1)}}}',
        r'\toprule',
        _latex_row(head),
        r'\midrule',
        *map(_latex_row, rows),
        r'\bottomrule',
        r'\end{tabular}',
    ]
    notes = [f'% {line}' for line in provenance(comparison)]
    return '\n'.join([*lines, *notes]) + '\n'


def _latex_row(cells: Sequence[str]) -> str:
    return ' & '.join(map(_escape, cells)) + r' \\'


def _escape(text: str) -> str:
    return ''.join(_LATEX.get(letter, letter) for letter in text)
